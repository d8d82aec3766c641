package whatif

import "maps"

// Tally counts what would change. It does not grow with the number of runs.
type Tally struct {
	Runs          int            `json:"runs"`
	Same          int            `json:"same"`
	Changed       int            `json:"changed"`
	Unknown       int            `json:"unknown"`
	Skipped       map[Skip]int   `json:"skipped"`       // by why
	Kinds         map[string]int `json:"kinds"`         // of the changed: "approve → ask finance"
	Added         map[string]int `json:"added"`         // exceptions by code
	Removed       map[string]int `json:"removed"`       // likewise
	UnknownRules  map[string]int `json:"unknownRules"`  // in how many runs, by rule
	UnknownFields map[string]int `json:"unknownFields"` // likewise, by what was not kept
	Examples      []Change       `json:"examples"`      // of the changed, the first

	most int
}

// NewTally keeps so many examples.
func NewTally(examples int) *Tally {
	return &Tally{
		Skipped: map[Skip]int{}, Kinds: map[string]int{}, Added: map[string]int{}, Removed: map[string]int{},
		UnknownRules: map[string]int{}, UnknownFields: map[string]int{}, Examples: []Change{}, most: examples,
	}
}

// OtherExceptions is the kind of a change that leaves the action as it is.
const OtherExceptions = "same action, other exceptions"

// Add counts one.
func (t *Tally) Add(c Change) {
	t.Runs++
	count(t.Added, c.Added)
	count(t.Removed, c.Removed)
	count(t.UnknownRules, c.Unknown)
	count(t.UnknownFields, c.Missing)
	switch c.Result {
	case Same:
		t.Same++
	case Unknown:
		t.Unknown++
	case Skipped:
		t.Skipped[c.Skipped]++
	case Changed:
		t.Changed++
		t.Kinds[c.Kind()]++
		if len(t.Examples) < t.most {
			t.Examples = append(t.Examples, c)
		}
	}
}

// SkippedRuns counts those of which nothing is said.
func (t *Tally) SkippedRuns() (n int) {
	for count := range maps.Values(t.Skipped) {
		n += count
	}
	return n
}

// Kind names what changes.
func (c Change) Kind() string {
	if c.Old == c.New {
		return OtherExceptions
	}
	return c.Old + " → " + c.New
}

func count(counts map[string]int, names []string) {
	for _, name := range names {
		counts[name]++
	}
}
