package workflows

import (
	"encoding/json"

	"concur-connector/expense"
)

// maxCarried is how large a verdict may be that is carried into the run that continues this
// one. That begins with one payload, of which Temporal takes 2 MiB, and the lists that a run
// keeps may be several hundred KiB by themselves.
const maxCarried = 512 << 10

// carried is the verdict without what only explains it, when it is too large. What it says
// is to be done stays, and so does what was found; the history of the run before has all.
func carried(v *expense.Verdict) *expense.Verdict {
	if v == nil || size(v) <= maxCarried {
		return v
	}
	small := *v
	small.Findings = make([]expense.Finding, len(v.Findings))
	for i, f := range v.Findings {
		f.Saw = nil
		small.Findings[i] = f
	}
	if size(&small) > maxCarried {
		small.Rules = nil
	}
	if size(&small) > maxCarried {
		small.Findings = []expense.Finding{{Message: "what was found is in the history of the run before: it is too large to be carried on"}}
	}
	return &small
}

func size(v *expense.Verdict) int {
	data, err := json.Marshal(v)
	if err != nil {
		return 0 // it came as JSON
	}
	return len(data)
}
