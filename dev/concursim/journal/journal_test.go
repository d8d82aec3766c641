package journal_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/dev/concursim/journal"
)

func TestCheckingALongJournalTakesLinearTime(t *testing.T) {
	t.Parallel()
	read := func(j *journal.Journal, step string) *journal.Entry {
		e := j.AddRequest(journal.Request{Kind: journal.ReadsEntries, Report: "r"})
		e.ShowPosition(journal.Position{Status: journal.Waiting, Step: step})
		return e
	}
	write := func(j *journal.Journal, kind journal.Kind) *journal.Entry {
		return j.AddRequest(journal.Request{
			Kind: kind, Report: "r", State: &journal.Position{Status: journal.Waiting, Step: "s"}, Step: "s",
		})
	}
	for name, add := range map[string]func(i int, j *journal.Journal){
		"writes, each after a read whose answer was lost": func(i int, j *journal.Journal) {
			if i%2 == 0 {
				read(j, "s")
				return
			}
			write(j, journal.PostsExceptions).Complete()
		},
		"actions without effect after one with effect, each after a read": func(i int, j *journal.Journal) {
			if i%2 == 0 {
				read(j, "other").Complete()
				return
			}
			e := write(j, journal.ActsAtStep)
			if i == 1 {
				e.SetEffect()
			}
			e.Complete()
		},
		"exceptions that all differ": func(i int, j *journal.Journal) {
			e := write(j, journal.PostsExceptions)
			e.AddPosted(journal.Exception{ObjectType: "Report", Code: fmt.Sprint(i), Step: "s"})
			e.Complete()
		},
		"actions without a read": func(_ int, j *journal.Journal) {
			write(j, journal.ActsAtStep).Complete()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := &journal.Journal{}
			for i := range journal.MaxLines {
				add(i, j)
			}
			begun := time.Now()
			require.NotEmpty(t, j.Violations())
			require.Less(t, time.Since(begun), 20*time.Second, "one walk takes a second, or some seconds on a busy machine")
		})
	}
}

func TestAFullJournalAddsNoLines(t *testing.T) {
	t.Parallel()
	j := &journal.Journal{}
	for range journal.MaxLines {
		require.NotNil(t, j.AddOutgoing(journal.Outgoing{}))
	}
	require.Nil(t, j.AddRequest(journal.Request{}))
	require.Nil(t, j.AddOutgoing(journal.Outgoing{}))
}
