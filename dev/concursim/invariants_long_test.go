package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// longJournal is a journal of one report whose every line the test makes as bad for a
// careless judge as it can.
func longJournal(lines int, line func(i int, e *entry) (complete bool)) *journal {
	j := &journal{}
	for i := range lines {
		e := j.begin("in", "POST", "/", detailsEndpoint)
		e.Report, e.Status = "r", 200
		if line(i, e) {
			j.complete(e)
		}
	}
	return j
}

func TestALongJournalIsJudgedInOneWalk(t *testing.T) {
	t.Parallel()
	const lines = maxJournal
	shown := func(e *entry, step string) { e.Shown = &stop{waiting, step} }
	write := func(e *entry, endpoint string) { e.Endpoint, e.State = endpoint, &stop{waiting, "s"} }
	for name, line := range map[string]func(i int, e *entry) bool{
		"writes, each after a read whose answer was lost": func(i int, e *entry) bool {
			if i%2 == 0 {
				shown(e, "s")
				return false
			}
			write(e, exceptionsEndpoint)
			return true
		},
		"actions in vain after one that took effect, each after a read": func(i int, e *entry) bool {
			if i%2 == 0 {
				shown(e, "other")
				return true
			}
			write(e, actionEndpoint)
			e.Step, e.Effect = "s", i == 1
			return true
		},
		"exceptions that all differ": func(i int, e *entry) bool {
			write(e, exceptionsEndpoint)
			e.Posted = []postedException{{ObjectType: "Report", Code: fmt.Sprint(i), Step: "s"}}
			return true
		},
		"actions without a read": func(i int, e *entry) bool {
			write(e, actionEndpoint)
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := longJournal(lines, line)
			begun := time.Now()
			require.NotEmpty(t, j.violations())
			require.Less(t, time.Since(begun), 20*time.Second, "a walk takes a second, or some on a busy machine")
		})
	}
}
