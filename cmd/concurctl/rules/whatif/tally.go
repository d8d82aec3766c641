package whatif

import "maps"

// Tally counts what would change. It does not grow with the number of runs.
type Tally struct {
	Runs          int            `json:"runs"`
	Same          int            `json:"same"`
	Changed       int            `json:"changed"`
	Unknown       int            `json:"unknown"`
	Skipped       map[Skip]int   `json:"skipped"`       // by reason
	Kinds         map[string]int `json:"kinds"`         // of changes: "approve → ask finance"
	Added         map[string]int `json:"added"`         // number of exceptions, by code
	Removed       map[string]int `json:"removed"`       // number of exceptions, by code
	UnknownRules  map[string]int `json:"unknownRules"`  // number of runs, by rule
	UnknownFields map[string]int `json:"unknownFields"` // number of runs, by field or fact that was not stored
	Examples      []Change       `json:"examples"`      // the first changes

	most int
}

// NewTally returns an empty tally that keeps that many examples.
func NewTally(examples int) *Tally {
	return &Tally{
		Skipped: map[Skip]int{}, Kinds: map[string]int{}, Added: map[string]int{}, Removed: map[string]int{},
		UnknownRules: map[string]int{}, UnknownFields: map[string]int{}, Examples: []Change{}, most: examples,
	}
}

// OtherExceptions is the kind of a change of exceptions alone.
const OtherExceptions = "same action, other exceptions"

// Add counts the comparison of one run.
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

// SkippedRuns counts the runs that could not be compared.
func (t *Tally) SkippedRuns() (n int) {
	for count := range maps.Values(t.Skipped) {
		n += count
	}
	return n
}

// Kind names the old and the new outcome.
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
