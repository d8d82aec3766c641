package activities_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/expense"
)

func exceptionsV4(list ...expense.Exception) expense.PostExceptionsInput {
	in := exceptions(list...)
	in.ObjectURI, in.ValidationID, in.Via, in.HeaderHash = v4URI, stopV4, expense.V4, markV4()
	return in
}

func post(t *testing.T, a attempt, acts *activities.Activities, in expense.PostExceptionsInput) expense.PostedExceptions {
	t.Helper()
	got, err := run[expense.PostedExceptions](t, a, acts.PostExceptions, in)
	require.NoError(t, err)
	return got
}

// paths are those of the requests of one name, below the report's.
func (n *newer) paths(name string) (all []string) {
	for _, r := range n.requests() {
		if r.name == name {
			all = append(all, strings.TrimPrefix(r.path, writesAPI))
		}
	}
	return all
}

// guardedWrites requires a read of the header just before each write.
func (n *newer) guardedWrites(t *testing.T, header string) {
	t.Helper()
	before := ""
	for _, name := range without(n.seen(), "exceptions") {
		if name == "put" || name == "take off" {
			require.Equal(t, header, before, "%v", n.seen())
		}
		before = name
	}
}

func TestExceptionsArePutOneByOneAfterAReadEach(t *testing.T) {
	t.Parallel()
	for via, uri := range newerReads {
		t.Run(string(via), func(t *testing.T) {
			t.Parallel()
			n := newNewer(t)
			in := exceptionsV4(onReport, onEntry("E1"), onEntry("E3b"))
			in.Via, in.ObjectURI = via, uri
			got := post(t, attempt{}, n.activities(t, answerLimit(time.Hour)), in)
			require.Equal(t, expense.ReportState{Status: "A_EXTV", ValidationID: stopV4}, got.ReportState)
			require.Equal(t, []expense.PostState{expense.Posted, expense.Posted, expense.Posted}, states(got))
			for i, e := range in.Exceptions {
				require.Equal(t, e, got.Items[i].Exception, "in the order of the input")
			}
			require.Equal(t, []string{"/exceptions", "/expenses/E1/exceptions", "/expenses/E3b/exceptions"}, n.paths("put"))
			header := map[expense.Interface]string{expense.V3: "header v3", expense.V4: "header"}[via]
			require.Equal(t, []string{header, "exceptions", "put", header, "put", header, "put", "exceptions", header}, without(n.seen(), "read"), "listed before and after")
			for _, r := range n.requests() {
				if r.name == "put" {
					require.Contains(t, r.body, `"exceptionVisibility":"ALL"`)
				}
			}
			n.guardedWrites(t, header)
		})
	}
}

func TestOnlyWhatIsMissingIsPut(t *testing.T) {
	t.Parallel()
	for _, try := range []attempt{{}, {number: 2}} {
		n := newNewer(t)
		n.held = []expense.ExistingException{heldOn(expense.OnReport, "", "LATE"), heldOn(expense.OnEntry, "E2", "NORECPT")}
		got := post(t, try, n.activities(t), exceptionsV4(onReport, onEntry("E1"), onEntry("E2")))
		require.Equal(t, []expense.PostState{expense.Posted, expense.Posted, expense.Posted}, states(got))
		require.Equal(t, []string{"/expenses/E1/exceptions"}, n.paths("put"))
	}
	t.Run("and nothing when all are there, be writes off or not", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		allocation := heldOn(expense.OnAllocation, "A2", "COSTCTR")
		allocation.ExpenseID = "E2"
		n.held = []expense.ExistingException{heldOn(expense.OnReport, "", "LATE"), allocation}
		got := post(t, attempt{}, n.activities(t, writes(activities.Writes{Mode: activities.WritesOff})), exceptionsV4(onReport, onAllocation("A2")))
		require.Equal(t, []expense.PostState{expense.Posted, expense.Posted}, states(got))
		require.Equal(t, []string{"header", "exceptions"}, n.seen())
	})
}

func TestAnExceptionOnAnAllocationNamesItsExpense(t *testing.T) {
	t.Parallel()
	for via, uri := range newerReads {
		t.Run(string(via), func(t *testing.T) {
			t.Parallel()
			n := newNewer(t)
			in := exceptionsV4(onAllocation("A2"), onAllocation("A3b"), onEntry("E1"))
			in.Via, in.ObjectURI = via, uri
			got := post(t, attempt{}, n.activities(t), in)
			require.Equal(t, []expense.PostState{expense.Posted, expense.Posted, expense.Posted}, states(got))
			require.Equal(t, []string{"/expenses/E2/allocations/A2/exceptions", "/expenses/E3b/allocations/A3b/exceptions", "/expenses/E1/exceptions"}, n.paths("put"))
			n.guardedWrites(t, map[expense.Interface]string{expense.V3: "header v3", expense.V4: "header"}[via])
		})
	}
	t.Run("and one of which no expense is known is refused alone", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		got := post(t, attempt{}, n.activities(t), exceptionsV4(onAllocation("A9"), onAllocation("A2")))
		require.Equal(t, []expense.PostState{expense.Refused, expense.Posted}, states(got))
	})
	t.Run("and a report that moves while that is looked up is left alone", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t, look{}, look{}, look{}, look{Status: "A_APPR"}) // the header, first and last of the whole, and before the put
		got := post(t, attempt{}, n.activities(t), exceptionsV4(onAllocation("A2")))
		require.Equal(t, expense.ReportState{Kind: expense.NotWaiting, Status: "A_APPR"}, got.ReportState)
		require.Empty(t, n.paths("put"))
	})
}

func TestAnExceptionThatIsRefusedByV4IsAValue(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]http.HandlerFunc{
		"a code that is not set up":  says(http.StatusBadRequest, `{"errorMessage":"In Concur's words."}`),
		"an object that is not here": says(http.StatusNotFound, `{"errorMessage":"In Concur's words."}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNewer(t)
			n.on("put", func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/E1/") {
					refusal(w, r)
					return
				}
				n.put(w, r)
			})
			got := post(t, attempt{}, n.activities(t), exceptionsV4(onReport, onEntry("E1"), onEntry("E2")))
			require.Equal(t, []expense.PostState{expense.Posted, expense.Refused, expense.Posted}, states(got))
			require.Contains(t, got.Items[1].Message, "In Concur's words.")
			require.Empty(t, got.Items[0].Message)
			require.Equal(t, []string{"header", "exceptions", "put", "header", "put", "header", "header", "put", "exceptions", "header"}, n.seen(), "a refusal is explained by another read")
		})
	}
	t.Run("one that Concur has accepted and does not list is another one", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.on("put", says(http.StatusOK, ""))
		got := post(t, attempt{}, n.activities(t), exceptionsV4(onReport))
		require.Equal(t, []expense.PostState{expense.Unlisted}, states(got))
		require.Len(t, n.paths("put"), 1)
	})
	t.Run("but a missing scope is for a person to mend, and leaves no doubt", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.on("put", says(http.StatusForbidden, "{}"))
		requireDoubt(t, n, attempt{}, exceptionsV4(onReport), expense.Forbidden, false)
	})
}

// requireDoubt posts in vain, and compares whether something may have been posted.
func requireDoubt(t *testing.T, n *newer, a attempt, in expense.PostExceptionsInput, kind expense.Kind, doubtful bool) {
	t.Helper()
	_, err := run[expense.PostedExceptions](t, a, n.activities(t).PostExceptions, in)
	var told expense.FailedWrite
	require.NoError(t, failed(t, err, kind).Details(&told))
	require.Equal(t, doubtful, told.OutcomeUnknown)
}

func TestAReportThatMovesBetweenTwoPutsIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, found := range map[string]look{
		"moved on": {Status: "A_APPR"}, "gone": {Gone: true}, "submitted again": {Submitted: "2026-11-04T10:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNewer(t, look{}, found)
			got := post(t, attempt{}, n.activities(t), exceptionsV4(onReport, onEntry("E1")))
			require.NotEmpty(t, got.Kind)
			require.Empty(t, got.Items)
			require.Equal(t, []string{"/exceptions"}, n.paths("put"))

			n = newNewer(t, look{}, found) // the first is refused because of it
			n.on("put", says(http.StatusBadRequest, `{"errorMessage":"The report is paid."}`))
			got = post(t, attempt{}, n.activities(t), exceptionsV4(onReport, onEntry("E1")))
			require.NotEmpty(t, got.Kind)
			require.Equal(t, []string{"/exceptions"}, n.paths("put"))

			n = newNewer(t, found) // before the first
			got = post(t, attempt{}, n.activities(t), exceptionsV4(onReport))
			require.NotEmpty(t, got.Kind)
			require.Equal(t, []string{"header"}, n.seen())
		})
	}
}

func TestALostAnswerToAPutIsPutNoSecondTime(t *testing.T) {
	t.Parallel()
	n := newNewer(t)
	n.on("put", func(w http.ResponseWriter, r *http.Request) {
		n.put(w, r)
		if strings.Contains(r.URL.Path, "/E1/") {
			says(http.StatusInternalServerError, "{}")(w, r)
		}
	})
	in := exceptionsV4(onReport, onEntry("E1"), onEntry("E2"))
	requireDoubt(t, n, attempt{}, in, expense.OutcomeUnknown, true)
	const limit = 40 * time.Millisecond
	began := time.Now()
	before := len(n.requests())
	got := post(t, attempt{number: 2}, n.activities(t, answerLimit(limit)), in)
	require.GreaterOrEqual(t, n.requests()[before].at.Sub(began), limit)
	require.Equal(t, []expense.PostState{expense.Posted, expense.Posted, expense.Posted}, states(got))
	require.Equal(t, []string{"/exceptions", "/expenses/E1/exceptions", "/expenses/E2/exceptions"}, n.paths("put"))
	require.Len(t, n.held, 3)
}

func TestAFailedPutSaysWhetherSomethingMayHaveBeenPut(t *testing.T) {
	t.Parallel()
	failing := func(n *newer, name string, status int) *newer { n.on(name, says(status, "{}")); return n }
	in := exceptionsV4(onReport, onEntry("E1"))
	t.Run("no, when a first attempt could not read", func(t *testing.T) {
		t.Parallel()
		requireDoubt(t, failing(newNewer(t), "header", 403), attempt{}, in, expense.Forbidden, false)
		requireDoubt(t, failing(newNewer(t), "exceptions", 403), attempt{}, in, expense.Forbidden, false)
	})
	t.Run("yes, when another could not", func(t *testing.T) {
		t.Parallel()
		requireDoubt(t, failing(newNewer(t), "header", 403), attempt{number: 2}, in, expense.Forbidden, true)
		requireDoubt(t, failing(newNewer(t), "exceptions", 403), attempt{number: 2}, in, expense.Forbidden, true)
	})
	t.Run("yes, when one has been put", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.on("put", func(w http.ResponseWriter, r *http.Request) {
			n.put(w, r)
			n.on("header", says(http.StatusServiceUnavailable, "{}"))
		})
		requireDoubt(t, n, attempt{}, in, expense.Unavailable, true)
		require.Len(t, n.paths("put"), 1)
	})
	t.Run("yes, when it cannot be looked whether they are there", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.on("put", func(w http.ResponseWriter, r *http.Request) {
			n.put(w, r)
			n.on("exceptions", says(http.StatusForbidden, "{}"))
		})
		requireDoubt(t, n, attempt{}, in, expense.Forbidden, true)
	})
	t.Run("no, when writes are off", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		_, err := run[expense.PostedExceptions](t, attempt{}, n.activities(t, writes(activities.Writes{Mode: activities.WritesOff})).PostExceptions, in)
		var told expense.FailedWrite
		require.NoError(t, failed(t, err, expense.WritesOff).Details(&told))
		require.False(t, told.OutcomeUnknown)
		require.Equal(t, []string{"header", "exceptions"}, n.seen())
	})
	t.Run("and an attempt that has lost its place puts nothing", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		_, err := run[expense.PostedExceptions](t, attempt{watched: time.Minute}, n.activities(t, heartbeat(unacknowledged)).PostExceptions, in)
		failed(t, err, expense.Unavailable)
		require.Empty(t, n.paths("put"))
	})
}

func TestPutsAreWithheld(t *testing.T) {
	t.Parallel()
	tested := activities.Writes{TestUsers: []string{"lee@example.com"}}
	for want, w := range map[expense.DryRunReason]activities.Writes{
		expense.DryRunMode: {Mode: activities.WritesDryRun}, expense.NotTestUser(tested.TestUsers): tested,
	} {
		n := newNewer(t)
		acts := n.activities(t, writes(w))
		got := post(t, attempt{}, acts, exceptionsV4(onReport))
		require.Equal(t, want, got.DryRun)
		require.Empty(t, got.Items)
		n.held = []expense.ExistingException{heldOn(expense.OnReport, "", "LATE")}
		cleared := takeOff(t, acts, n.held...)
		require.Equal(t, want, cleared.DryRun)
		require.Empty(t, cleared.Deleted)
		require.Equal(t, []string{"header", "header"}, without(n.seen(), "find user"))
		stored, err := json.Marshal(got)
		require.NoError(t, err)
		require.NotContains(t, string(stored), "example.com")
	}
}

func TestExceptionsArePutOnlyUnderTheHeaderThatWasJudged(t *testing.T) {
	t.Parallel()
	late := heldOn(expense.OnReport, "", "LATE")
	t.Run("a first attempt writes nothing under another", func(t *testing.T) {
		t.Parallel()
		want := expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: stopV4}
		n := newNewer(t, look{Version: 1})
		require.Equal(t, expense.PostedExceptions{ReportState: want, MayHaveMoved: true}, post(t, attempt{}, n.activities(t), exceptionsV4(onReport)))
		require.Empty(t, n.paths("put"))
		n.held = []expense.ExistingException{late}
		require.Equal(t, expense.DeletedExceptions{ReportState: want, MayHaveMoved: true}, takeOff(t, n.activities(t), late))
		require.Empty(t, n.paths("take off"))
	})
	t.Run("a later attempt does, for the one before may have changed it", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t, look{Version: 1})
		got := post(t, attempt{number: 2}, n.activities(t, answerLimit(time.Millisecond)), exceptionsV4(onReport))
		require.Equal(t, []expense.PostState{expense.Posted}, states(got))
		require.True(t, got.MayHaveMoved)
	})
	t.Run("what they have changed is told, with the header as it is then", func(t *testing.T) {
		t.Parallel()
		m := marks(t, 2)
		n := newNewer(t, look{}, look{Version: 1})
		got := post(t, attempt{}, n.activities(t), exceptionsV4(onReport))
		require.Equal(t, []expense.PostState{expense.Posted}, states(got))
		require.Equal(t, m[1], got.HeaderHash)
		require.True(t, got.MayHaveMoved)
		require.Empty(t, got.Kind)
		n = newNewer(t, look{}, look{Version: 1})
		n.held = []expense.ExistingException{late}
		cleared := takeOff(t, n.activities(t), late)
		require.Equal(t, m[1], cleared.HeaderHash)
		require.True(t, cleared.MayHaveMoved)
		require.Equal(t, []expense.ExistingException{late}, cleared.Deleted)
	})
}

func clearing(list ...expense.ExistingException) expense.DeleteExceptionsInput {
	in := exceptionsV4()
	return expense.DeleteExceptionsInput{Attempt: in.Attempt, ObjectURI: in.ObjectURI, ValidationID: in.ValidationID, Exceptions: list}
}

func takeOff(t *testing.T, acts *activities.Activities, list ...expense.ExistingException) expense.DeletedExceptions {
	t.Helper()
	got, err := run[expense.DeletedExceptions](t, attempt{}, acts.DeleteExceptions, clearing(list...))
	require.NoError(t, err)
	return got
}

func TestClearExceptions(t *testing.T) {
	t.Parallel()
	late, receipt := heldOn(expense.OnReport, "", "LATE"), heldOn(expense.OnEntry, "E1", "NORECPT")
	cost := heldOn(expense.OnAllocation, "A2", "COSTCTR")
	cost.ExpenseID = "E2"
	none := func(status int) http.HandlerFunc { return says(status, `{"errorMessage":"Not added by the API."}`) }
	t.Run("takes each off where it is, after a read", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.held = []expense.ExistingException{late, receipt, cost, heldOn(expense.OnEntry, "E1", "OTHERS")}
		got := takeOff(t, n.activities(t), late, receipt, cost)
		require.Equal(t, expense.DeletedExceptions{ReportState: got.ReportState, Deleted: []expense.ExistingException{late, receipt, cost}, HeaderHash: markV4()}, got)
		require.Equal(t, []string{"/exceptions/LATE", "/expenses/E1/exceptions/NORECPT", "/expenses/E2/allocations/A2/exceptions/COSTCTR"}, n.paths("take off"))
		require.Len(t, n.held, 1)
		n.guardedWrites(t, "header")
	})
	t.Run("counts what is gone already, be writes off or not", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		got := takeOff(t, n.activities(t, writes(activities.Writes{Mode: activities.WritesOff})), late)
		require.Equal(t, []expense.ExistingException{late}, got.Deleted)
		require.Empty(t, n.paths("take off"))
		n = newNewer(t) // and what goes before it is asked for
		n.held = []expense.ExistingException{late}
		n.on("take off", func(w http.ResponseWriter, r *http.Request) {
			n.mu.Lock()
			n.held = nil
			n.mu.Unlock()
			none(http.StatusNotFound)(w, r)
		})
		require.Equal(t, []expense.ExistingException{late}, takeOff(t, n.activities(t), late).Deleted)
	})
	t.Run("keeps what is there still, whatever Concur said", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.held = []expense.ExistingException{late, receipt}
		n.on("take off", says(http.StatusOK, ""))
		got := takeOff(t, n.activities(t), late, receipt)
		require.Equal(t, []expense.ExistingException{late, receipt}, got.NotDeleted)
		require.Empty(t, got.Deleted)
	})
	t.Run("keeps what others have put there", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.held = []expense.ExistingException{late, receipt}
		n.on("take off", func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "LATE") {
				none(http.StatusBadRequest)(w, r)
				return
			}
			n.takeOff(w, r)
		})
		got := takeOff(t, n.activities(t), late, receipt)
		require.Equal(t, []expense.ExistingException{late}, got.NotDeleted)
		require.Equal(t, []expense.ExistingException{receipt}, got.Deleted)
	})
	t.Run("leaves a report alone that has moved", func(t *testing.T) {
		t.Parallel()
		for name, looks := range map[string][]look{
			"before the first": {{Status: "A_APPR"}}, "between two": {{}, {Status: "A_APPR"}}, "gone": {{Gone: true}}, "submitted again": {{Submitted: "2026-11-04T10:00:00Z"}},
		} {
			n := newNewer(t, looks...)
			n.held = []expense.ExistingException{late, receipt}
			got := takeOff(t, n.activities(t), late, receipt)
			require.NotEmpty(t, got.Kind, name)
			require.Empty(t, append(got.Deleted, got.NotDeleted...), name)
			require.Len(t, n.paths("take off"), len(looks)-1, name)
		}
		n := newNewer(t, look{}, look{Status: "A_APPR"}) // a refusal is explained by another read
		n.held = []expense.ExistingException{late}
		n.on("take off", none(http.StatusBadRequest))
		require.Equal(t, expense.NotWaiting, takeOff(t, n.activities(t), late).Kind)
	})
	t.Run("waits for an operator while writes are off", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.held = []expense.ExistingException{late}
		_, err := run[expense.DeletedExceptions](t, attempt{}, n.activities(t, writes(activities.Writes{Mode: activities.WritesOff})).DeleteExceptions, clearing(late))
		require.True(t, failed(t, err, expense.WritesOff).NonRetryable())
		require.Equal(t, []string{"header", "exceptions"}, n.seen())
	})
	t.Run("is repeated after a lost answer", func(t *testing.T) {
		t.Parallel()
		n := newNewer(t)
		n.held = []expense.ExistingException{late}
		n.on("take off", none(http.StatusInternalServerError))
		_, err := run[expense.DeletedExceptions](t, attempt{}, n.activities(t).DeleteExceptions, clearing(late))
		require.False(t, failed(t, err, expense.OutcomeUnknown).NonRetryable())
	})
}
