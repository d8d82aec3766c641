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
	in.ObjectURI, in.ValidationID, in.Via, in.HeaderHash = v4URI, validationV4, expense.V4, headerHashV4()
	return in
}

func post(t *testing.T, a attempt, acts *activities.Activities, in expense.PostExceptionsInput) expense.PostedExceptions {
	t.Helper()
	got, err := run[expense.PostedExceptions](t, a, acts.PostExceptions, in)
	require.NoError(t, err)
	return got
}

// paths returns the paths of the requests of one name, relative to the report's.
func (n *fakeV4) paths(name string) (all []string) {
	for _, r := range n.requests() {
		if r.name == name {
			all = append(all, strings.TrimPrefix(r.path, writesAPI))
		}
	}
	return all
}

// requireReadBeforeEachWrite requires a read of the header directly before each write.
func (n *fakeV4) requireReadBeforeEachWrite(t *testing.T, header string) {
	t.Helper()
	before := ""
	for _, name := range except(n.requestNames(), "exceptions") {
		if name == "put" || name == "delete exception" {
			require.Equal(t, header, before, "%v", n.requestNames())
		}
		before = name
	}
}

func TestExceptionsV4ArePutOneByOneAfterARead(t *testing.T) {
	t.Parallel()
	for via, uri := range addressOf {
		t.Run(string(via), func(t *testing.T) {
			t.Parallel()
			n := newFakeV4(t)
			in := exceptionsV4(onReport, onEntry("E1"), onEntry("E3b"))
			in.Via, in.ObjectURI = via, uri
			got := post(t, attempt{}, n.activities(t, requestTimeout(time.Hour)), in)
			require.Equal(t, expense.ReportState{Status: "A_EXTV", ValidationID: validationV4}, got.ReportState)
			require.Equal(t, []expense.PostState{expense.Posted, expense.Posted, expense.Posted}, states(got))
			for i, e := range in.Exceptions {
				require.Equal(t, e, got.Items[i].Exception, "in the order of the input")
			}
			require.Equal(t, []string{"/exceptions", "/expenses/E1/exceptions", "/expenses/E3b/exceptions"}, n.paths("put"))
			header := map[expense.Interface]string{expense.V3: "header v3", expense.V4: "header"}[via]
			require.Equal(t, []string{header, "exceptions", "put", header, "put", header, "put", "exceptions", header}, except(n.requestNames(), "read"), "listed before and after")
			for _, r := range n.requests() {
				if r.name == "put" {
					require.Contains(t, r.body, `"exceptionVisibility":"ALL"`)
				}
			}
			n.requireReadBeforeEachWrite(t, header)
		})
	}
}

func TestOnlyMissingExceptionsArePut(t *testing.T) {
	t.Parallel()
	for _, try := range []attempt{{}, {number: 2}} {
		n := newFakeV4(t)
		n.existing = []expense.ExistingException{existingOn(expense.OnReport, "", "LATE"), existingOn(expense.OnEntry, "E2", "NORECPT")}
		got := post(t, try, n.activities(t), exceptionsV4(onReport, onEntry("E1"), onEntry("E2")))
		require.Equal(t, []expense.PostState{expense.Posted, expense.Posted, expense.Posted}, states(got))
		require.Equal(t, []string{"/expenses/E1/exceptions"}, n.paths("put"))
	}
	t.Run("nothing is put if all are there, even while writes are off", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		allocation := existingOn(expense.OnAllocation, "A2", "COSTCTR")
		allocation.ExpenseID = "E2"
		n.existing = []expense.ExistingException{existingOn(expense.OnReport, "", "LATE"), allocation}
		got := post(t, attempt{}, n.activities(t, writes(activities.Writes{Mode: activities.WritesOff})), exceptionsV4(onReport, onAllocation("A2")))
		require.Equal(t, []expense.PostState{expense.Posted, expense.Posted}, states(got))
		require.Equal(t, []string{"header", "exceptions"}, n.requestNames())
	})
}

func TestExceptionOnAllocationNamesItsExpense(t *testing.T) {
	t.Parallel()
	for via, uri := range addressOf {
		t.Run(string(via), func(t *testing.T) {
			t.Parallel()
			n := newFakeV4(t)
			in := exceptionsV4(onAllocation("A2"), onAllocation("A3b"), onEntry("E1"))
			in.Via, in.ObjectURI = via, uri
			got := post(t, attempt{}, n.activities(t), in)
			require.Equal(t, []expense.PostState{expense.Posted, expense.Posted, expense.Posted}, states(got))
			require.Equal(t, []string{"/expenses/E2/allocations/A2/exceptions", "/expenses/E3b/allocations/A3b/exceptions", "/expenses/E1/exceptions"}, n.paths("put"))
			n.requireReadBeforeEachWrite(t, map[expense.Interface]string{expense.V3: "header v3", expense.V4: "header"}[via])
		})
	}
	t.Run("an allocation without a known expense is refused alone", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		got := post(t, attempt{}, n.activities(t), exceptionsV4(onAllocation("A9"), onAllocation("A2")))
		require.Equal(t, []expense.PostState{expense.Refused, expense.Posted}, states(got))
	})
	t.Run("nothing is put if the report moves during that read", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t, headerState{}, headerState{}, headerState{}, headerState{Status: "A_APPR"}) // the header, first and last of the whole, and before the put
		got := post(t, attempt{}, n.activities(t), exceptionsV4(onAllocation("A2")))
		require.Equal(t, expense.ReportState{Kind: expense.NotWaiting, Status: "A_APPR"}, got.ReportState)
		require.Empty(t, n.paths("put"))
	})
}

func TestRefusedExceptionV4IsAResult(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]http.HandlerFunc{
		"a code that is not set up":  respond(http.StatusBadRequest, `{"errorMessage":"In Concur's words."}`),
		"an object that is not here": respond(http.StatusNotFound, `{"errorMessage":"In Concur's words."}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newFakeV4(t)
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
			require.Equal(t, []string{"header", "exceptions", "put", "header", "put", "header", "header", "put", "exceptions", "header"}, n.requestNames(), "a refusal is explained by another read")
		})
	}
	t.Run("an accepted exception that Concur does not list is unlisted", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("put", respond(http.StatusOK, ""))
		got := post(t, attempt{}, n.activities(t), exceptionsV4(onReport))
		require.Equal(t, []expense.PostState{expense.Unlisted}, states(got))
		require.Len(t, n.paths("put"), 1)
	})
	t.Run("a missing scope is an error with a known outcome", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("put", respond(http.StatusForbidden, "{}"))
		requireUnknown(t, n, attempt{}, exceptionsV4(onReport), expense.Forbidden, false)
	})
}

// requireUnknown posts exceptions, requires an error of this kind, and compares what it says
// about the outcome.
func requireUnknown(t *testing.T, n *fakeV4, a attempt, in expense.PostExceptionsInput, kind expense.Kind, unknown bool) {
	t.Helper()
	_, err := run[expense.PostedExceptions](t, a, n.activities(t).PostExceptions, in)
	var detail expense.FailedWrite
	require.NoError(t, failed(t, err, kind).Details(&detail))
	require.Equal(t, unknown, detail.OutcomeUnknown)
}

func TestPutsStopWhenReportMoves(t *testing.T) {
	t.Parallel()
	for name, found := range map[string]headerState{
		"moved on": {Status: "A_APPR"}, "gone": {Gone: true}, "submitted again": {Submitted: "2026-11-04T10:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newFakeV4(t, headerState{}, found)
			got := post(t, attempt{}, n.activities(t), exceptionsV4(onReport, onEntry("E1")))
			require.NotEmpty(t, got.Kind)
			require.Empty(t, got.Items)
			require.Equal(t, []string{"/exceptions"}, n.paths("put"))

			n = newFakeV4(t, headerState{}, found) // the first is refused because of it
			n.on("put", respond(http.StatusBadRequest, `{"errorMessage":"The report is paid."}`))
			got = post(t, attempt{}, n.activities(t), exceptionsV4(onReport, onEntry("E1")))
			require.NotEmpty(t, got.Kind)
			require.Equal(t, []string{"/exceptions"}, n.paths("put"))

			n = newFakeV4(t, found) // before the first
			got = post(t, attempt{}, n.activities(t), exceptionsV4(onReport))
			require.NotEmpty(t, got.Kind)
			require.Equal(t, []string{"header"}, n.requestNames())
		})
	}
}

func TestPutWithLostAnswerIsNotRepeated(t *testing.T) {
	t.Parallel()
	n := newFakeV4(t)
	n.on("put", func(w http.ResponseWriter, r *http.Request) {
		n.put(w, r)
		if strings.Contains(r.URL.Path, "/E1/") {
			respond(http.StatusInternalServerError, "{}")(w, r)
		}
	})
	in := exceptionsV4(onReport, onEntry("E1"), onEntry("E2"))
	requireUnknown(t, n, attempt{}, in, expense.OutcomeUnknown, true)
	const limit = 40 * time.Millisecond
	began := time.Now()
	before := len(n.requests())
	got := post(t, attempt{number: 2}, n.activities(t, requestTimeout(limit)), in)
	require.GreaterOrEqual(t, n.requests()[before].at.Sub(began), limit)
	require.Equal(t, []expense.PostState{expense.Posted, expense.Posted, expense.Posted}, states(got))
	require.Equal(t, []string{"/exceptions", "/expenses/E1/exceptions", "/expenses/E2/exceptions"}, n.paths("put"))
	require.Len(t, n.existing, 3)
}

func TestFailedPutSaysWhetherOutcomeIsUnknown(t *testing.T) {
	t.Parallel()
	failing := func(n *fakeV4, name string, status int) *fakeV4 { n.on(name, respond(status, "{}")); return n }
	in := exceptionsV4(onReport, onEntry("E1"))
	t.Run("known, when a first attempt cannot read", func(t *testing.T) {
		t.Parallel()
		requireUnknown(t, failing(newFakeV4(t), "header", 403), attempt{}, in, expense.Forbidden, false)
		requireUnknown(t, failing(newFakeV4(t), "exceptions", 403), attempt{}, in, expense.Forbidden, false)
	})
	t.Run("unknown, when a later attempt cannot read", func(t *testing.T) {
		t.Parallel()
		requireUnknown(t, failing(newFakeV4(t), "header", 403), attempt{number: 2}, in, expense.Forbidden, true)
		requireUnknown(t, failing(newFakeV4(t), "exceptions", 403), attempt{number: 2}, in, expense.Forbidden, true)
	})
	t.Run("unknown, when one exception has been put", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("put", func(w http.ResponseWriter, r *http.Request) {
			n.put(w, r)
			n.on("header", respond(http.StatusServiceUnavailable, "{}"))
		})
		requireUnknown(t, n, attempt{}, in, expense.Unavailable, true)
		require.Len(t, n.paths("put"), 1)
	})
	t.Run("unknown, when the exceptions cannot be listed afterwards", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.on("put", func(w http.ResponseWriter, r *http.Request) {
			n.put(w, r)
			n.on("exceptions", respond(http.StatusForbidden, "{}"))
		})
		requireUnknown(t, n, attempt{}, in, expense.Forbidden, true)
	})
	t.Run("known, when writes are off", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		_, err := run[expense.PostedExceptions](t, attempt{}, n.activities(t, writes(activities.Writes{Mode: activities.WritesOff})).PostExceptions, in)
		var detail expense.FailedWrite
		require.NoError(t, failed(t, err, expense.WritesOff).Details(&detail))
		require.False(t, detail.OutcomeUnknown)
		require.Equal(t, []string{"header", "exceptions"}, n.requestNames())
	})
	t.Run("an attempt that has lost its place puts nothing", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		_, err := run[expense.PostedExceptions](t, attempt{timeout: time.Minute}, n.activities(t, heartbeat(unacknowledged)).PostExceptions, in)
		failed(t, err, expense.Unavailable)
		require.Empty(t, n.paths("put"))
	})
}

func TestDryRunPutsAndDeletesNoExceptions(t *testing.T) {
	t.Parallel()
	tested := activities.Writes{TestUsers: []string{"lee@example.com"}}
	for want, w := range map[expense.DryRunReason]activities.Writes{
		expense.DryRunMode: {Mode: activities.WritesDryRun}, expense.NotTestUser(tested.TestUsers): tested,
	} {
		n := newFakeV4(t)
		acts := n.activities(t, writes(w))
		got := post(t, attempt{}, acts, exceptionsV4(onReport))
		require.Equal(t, want, got.DryRun)
		require.Empty(t, got.Items)
		n.existing = []expense.ExistingException{existingOn(expense.OnReport, "", "LATE")}
		cleared := deleteExceptions(t, acts, n.existing...)
		require.Equal(t, want, cleared.DryRun)
		require.Empty(t, cleared.Deleted)
		require.Equal(t, []string{"header", "header"}, except(n.requestNames(), "find user"))
		stored, err := json.Marshal(got)
		require.NoError(t, err)
		require.NotContains(t, string(stored), "example.com")
	}
}

func TestExceptionsV4ArePutOnlyUnderTheEvaluatedHeader(t *testing.T) {
	t.Parallel()
	late := existingOn(expense.OnReport, "", "LATE")
	t.Run("a first attempt writes nothing under another header", func(t *testing.T) {
		t.Parallel()
		want := expense.ReportState{Kind: expense.NotWaiting, Status: "A_EXTV", ValidationID: validationV4}
		n := newFakeV4(t, headerState{Version: 1})
		require.Equal(t, expense.PostedExceptions{ReportState: want, MayHaveMoved: true}, post(t, attempt{}, n.activities(t), exceptionsV4(onReport)))
		require.Empty(t, n.paths("put"))
		n.existing = []expense.ExistingException{late}
		require.Equal(t, expense.DeletedExceptions{ReportState: want, MayHaveMoved: true}, deleteExceptions(t, n.activities(t), late))
		require.Empty(t, n.paths("delete exception"))
	})
	t.Run("a later attempt writes, because an earlier one may have changed the header", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t, headerState{Version: 1})
		got := post(t, attempt{number: 2}, n.activities(t, requestTimeout(time.Millisecond)), exceptionsV4(onReport))
		require.Equal(t, []expense.PostState{expense.Posted}, states(got))
		require.True(t, got.MayHaveMoved)
	})
	t.Run("the result has the header hash after the exceptions", func(t *testing.T) {
		t.Parallel()
		m := headerHashes(t, 2)
		n := newFakeV4(t, headerState{}, headerState{Version: 1})
		got := post(t, attempt{}, n.activities(t), exceptionsV4(onReport))
		require.Equal(t, []expense.PostState{expense.Posted}, states(got))
		require.Equal(t, m[1], got.HeaderHash)
		require.True(t, got.MayHaveMoved)
		require.Empty(t, got.Kind)
		n = newFakeV4(t, headerState{}, headerState{Version: 1})
		n.existing = []expense.ExistingException{late}
		cleared := deleteExceptions(t, n.activities(t), late)
		require.Equal(t, m[1], cleared.HeaderHash)
		require.True(t, cleared.MayHaveMoved)
		require.Equal(t, []expense.ExistingException{late}, cleared.Deleted)
	})
}

func deleteInput(list ...expense.ExistingException) expense.DeleteExceptionsInput {
	in := exceptionsV4()
	return expense.DeleteExceptionsInput{Attempt: in.Attempt, ObjectURI: in.ObjectURI, ValidationID: in.ValidationID, Exceptions: list}
}

func deleteExceptions(t *testing.T, acts *activities.Activities, list ...expense.ExistingException) expense.DeletedExceptions {
	t.Helper()
	got, err := run[expense.DeletedExceptions](t, attempt{}, acts.DeleteExceptions, deleteInput(list...))
	require.NoError(t, err)
	return got
}

func TestDeleteExceptions(t *testing.T) {
	t.Parallel()
	late, receipt := existingOn(expense.OnReport, "", "LATE"), existingOn(expense.OnEntry, "E1", "NORECPT")
	cost := existingOn(expense.OnAllocation, "A2", "COSTCTR")
	cost.ExpenseID = "E2"
	none := func(status int) http.HandlerFunc { return respond(status, `{"errorMessage":"Not added by the API."}`) }
	t.Run("deletes each exception after a read", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.existing = []expense.ExistingException{late, receipt, cost, existingOn(expense.OnEntry, "E1", "OTHERS")}
		got := deleteExceptions(t, n.activities(t), late, receipt, cost)
		require.Equal(t, expense.DeletedExceptions{ReportState: got.ReportState, Deleted: []expense.ExistingException{late, receipt, cost}, HeaderHash: headerHashV4()}, got)
		require.Equal(t, []string{"/exceptions/LATE", "/expenses/E1/exceptions/NORECPT", "/expenses/E2/allocations/A2/exceptions/COSTCTR"}, n.paths("delete exception"))
		require.Len(t, n.existing, 1)
		n.requireReadBeforeEachWrite(t, "header")
	})
	t.Run("counts exceptions that are gone, even while writes are off", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		got := deleteExceptions(t, n.activities(t, writes(activities.Writes{Mode: activities.WritesOff})), late)
		require.Equal(t, []expense.ExistingException{late}, got.Deleted)
		require.Empty(t, n.paths("delete exception"))
		n = newFakeV4(t) // and what goes before it is asked for
		n.existing = []expense.ExistingException{late}
		n.on("delete exception", func(w http.ResponseWriter, r *http.Request) {
			n.mu.Lock()
			n.existing = nil
			n.mu.Unlock()
			none(http.StatusNotFound)(w, r)
		})
		require.Equal(t, []expense.ExistingException{late}, deleteExceptions(t, n.activities(t), late).Deleted)
	})
	t.Run("names exceptions that Concur still lists", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.existing = []expense.ExistingException{late, receipt}
		n.on("delete exception", respond(http.StatusOK, ""))
		got := deleteExceptions(t, n.activities(t), late, receipt)
		require.Equal(t, []expense.ExistingException{late, receipt}, got.NotDeleted)
		require.Empty(t, got.Deleted)
	})
	t.Run("names exceptions that Concur refuses to delete", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.existing = []expense.ExistingException{late, receipt}
		n.on("delete exception", func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "LATE") {
				none(http.StatusBadRequest)(w, r)
				return
			}
			n.deleteException(w, r)
		})
		got := deleteExceptions(t, n.activities(t), late, receipt)
		require.Equal(t, []expense.ExistingException{late}, got.NotDeleted)
		require.Equal(t, []expense.ExistingException{receipt}, got.Deleted)
	})
	t.Run("stops when the report has moved", func(t *testing.T) {
		t.Parallel()
		for name, looks := range map[string][]headerState{
			"before the first": {{Status: "A_APPR"}}, "between two": {{}, {Status: "A_APPR"}}, "gone": {{Gone: true}}, "submitted again": {{Submitted: "2026-11-04T10:00:00Z"}},
		} {
			n := newFakeV4(t, looks...)
			n.existing = []expense.ExistingException{late, receipt}
			got := deleteExceptions(t, n.activities(t), late, receipt)
			require.NotEmpty(t, got.Kind, name)
			require.Empty(t, append(got.Deleted, got.NotDeleted...), name)
			require.Len(t, n.paths("delete exception"), len(looks)-1, name)
		}
		n := newFakeV4(t, headerState{}, headerState{Status: "A_APPR"}) // a refusal is explained by another read
		n.existing = []expense.ExistingException{late}
		n.on("delete exception", none(http.StatusBadRequest))
		require.Equal(t, expense.NotWaiting, deleteExceptions(t, n.activities(t), late).Kind)
	})
	t.Run("is parked while writes are off", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.existing = []expense.ExistingException{late}
		_, err := run[expense.DeletedExceptions](t, attempt{}, n.activities(t, writes(activities.Writes{Mode: activities.WritesOff})).DeleteExceptions, deleteInput(late))
		require.True(t, failed(t, err, expense.WritesOff).NonRetryable())
		require.Equal(t, []string{"header", "exceptions"}, n.requestNames())
	})
	t.Run("is retried after a lost answer", func(t *testing.T) {
		t.Parallel()
		n := newFakeV4(t)
		n.existing = []expense.ExistingException{late}
		n.on("delete exception", none(http.StatusInternalServerError))
		_, err := run[expense.DeletedExceptions](t, attempt{}, n.activities(t).DeleteExceptions, deleteInput(late))
		require.False(t, failed(t, err, expense.OutcomeUnknown).NonRetryable())
	})
}
