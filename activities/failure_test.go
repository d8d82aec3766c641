package activities_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"concur-connector/activities"
	"concur-connector/concur"
	"concur-connector/expense"
	"concur-connector/workflows"
)

func mustNew(t testing.TB, o activities.Options) *activities.Activities {
	t.Helper()
	acts, err := activities.New(o)
	require.NoError(t, err)
	return acts
}

// hint answers with a status and a Retry-After.
func hint(status int, after, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", after)
		respond(status, text)(w, r)
	}
}

// isResult marks kinds that are results and not errors.
const isResult = -1

// failureClass is what Temporal learns about one failure.
type failureClass struct {
	kind   expense.Kind
	parked bool          // not retried: the workflow waits for a person
	delay  time.Duration // before the next attempt; 0: the retry policy's; value: no error
}

func TestEachKindHasItsRetryClass(t *testing.T) {
	t.Parallel()
	const deadlock = "<Error><Message>Transaction was deadlocked; rerun it.</Message></Error>"
	shut := func(h *fakeConcur) { h.Close() }
	answers := func(name string, f http.HandlerFunc) func(*fakeConcur) { return func(h *fakeConcur) { h.on(name, f) } }
	treated := map[expense.Kind]bool{}
	for name, c := range map[string]struct {
		set   func(*fakeConcur)
		write bool
		want  failureClass
	}{
		"an error of the server":              {answers("read", respond(500, "")), false, failureClass{kind: expense.Unavailable}},
		"a web page":                          {answers("read", respond(200, "<html></html>")), false, failureClass{kind: expense.Unavailable}},
		"no connection":                       {shut, false, failureClass{kind: expense.Unavailable}},
		"an outage":                           {answers("read", respond(503, "")), false, failureClass{kind: expense.Unavailable, delay: delays.Outage}},
		"an outage at a write":                {answers("act", respond(503, "")), true, failureClass{kind: expense.Unavailable, delay: delays.Outage}},
		"an outage that says how long":        {answers("read", hint(503, "7", "")), false, failureClass{kind: expense.Unavailable, delay: 7 * time.Second}},
		"an outage of the token endpoint":     {answers("token", respond(503, "{}")), false, failureClass{kind: expense.Unavailable, delay: delays.Outage}},
		"no answer in time":                   {answers("read", hang), false, failureClass{kind: expense.Unavailable, delay: delays.Outage}},
		"no answer to a write in time":        {answers("act", hang), true, failureClass{kind: expense.OutcomeUnknown, delay: delays.Outage}},
		"too many requests":                   {answers("read", respond(429, "")), false, failureClass{kind: expense.RateLimited}},
		"too many requests, and how long":     {answers("read", hint(429, "31", "")), false, failureClass{kind: expense.RateLimited, delay: 31 * time.Second}},
		"too many requests, for a day":        {answers("read", hint(429, "86400", "")), false, failureClass{kind: expense.RateLimited, delay: time.Hour}},
		"a deadlock":                          {answers("act", respond(400, deadlock)), true, failureClass{kind: expense.Deadlock}},
		"a refused token":                     {answers("read", respond(401, "")), false, failureClass{kind: expense.Unauthorized, delay: delays.Unauthorized}},
		"a refused token, with another delay": {answers("read", hint(401, "1", "")), false, failureClass{kind: expense.Unauthorized, delay: delays.Unauthorized}},
		"a refresh token that has ended":      {answers("token", respond(400, `{"code":108,"error":"invalid_grant"}`)), false, failureClass{kind: expense.Unauthorized, delay: delays.Unauthorized}},
		"a missing role":                      {answers("read", hint(403, "9", "")), false, failureClass{kind: expense.Forbidden, parked: true}},
		"a missing role to write":             {answers("act", respond(403, "")), true, failureClass{kind: expense.Forbidden, parked: true}},
		"not an action of Concur":             {shows(waiting()), true, failureClass{kind: expense.InvalidArgument, parked: true}},
		"an attempt that ends":                {shows(waiting()), false, failureClass{kind: expense.Interrupted}},
		"an attempt that ends before a write": {shows(waiting()), true, failureClass{kind: expense.Interrupted}},
		"a report at another step, by v4":     {refusing("error.workflow.invalid_action"), true, failureClass{kind: expense.Rejected, parked: true}},
		"a refusal":                           {answers("read", respond(422, "")), false, failureClass{kind: expense.Rejected, parked: true}},
		"a redirect":                          {answers("read", hint(302, "9", "")), false, failureClass{kind: expense.Rejected, parked: true}},
		"a failure inside 200":                {answers("act", respond(200, failure)), true, failureClass{kind: expense.Rejected, parked: true}},
		"an action URL on another host":       {shows(page{Status: "A_EXTV", Step: "https://evil.example/"}), false, failureClass{kind: expense.Untrusted, parked: true}},
		"an answer that cannot be read":       {answers("read", respond(200, "<Report/>")), false, failureClass{kind: expense.Malformed, parked: true}},
		"a report without its entries":        {answers("read", respond(200, "<ReportDetails><ReportId>R</ReportId><ApsKey>A_EXTV</ApsKey><ReportTotal>9.00</ReportTotal><EntryCount>1</EntryCount></ReportDetails>")), false, failureClass{kind: expense.Incomplete, parked: true}},
		"a report that is too large":          {shows(page{Status: "A_EXTV", Step: stepOne, Purpose: strings.Repeat("long ", 1000)}), false, failureClass{kind: expense.TooLarge, parked: true}},
		"a lost answer":                       {answers("act", respond(500, "")), true, failureClass{kind: expense.OutcomeUnknown}},
		"writes that are switched off":        {shows(waiting()), true, failureClass{kind: expense.WritesOff, parked: true}},
		"a blocking exception":                {refusing("step_exit_blocking_by_exception"), true, failureClass{kind: expense.Blocked, parked: true}},
		"an owner without an approver":        {refusing("no_approver.change_my_info"), true, failureClass{kind: expense.NoApprover, parked: true}},
		"a comment that Concur requires":      {refusing("missingComments"), true, failureClass{kind: expense.CommentMissing, parked: true}},
		"a travel request of unclear standing": {func(h *fakeConcur) {
			addV4(h).on("request", respond(http.StatusOK, shown(requestID, "", `[{"rel":"approve"}]`)))
		}, true, failureClass{kind: expense.UnclearStep, parked: true}},
		"a reached send-back limit":   {shows(waiting()), true, failureClass{kind: expense.SendBackLimitReached, parked: true}},
		"an ambiguous step":           {func(h *fakeConcur) { addV4(h) }, false, failureClass{kind: expense.AmbiguousStep, parked: true}},
		"a report that is gone":       {shows(page{Gone: true}), false, failureClass{kind: expense.NotFound, delay: isResult}},
		"a report that does not wait": {shows(page{Status: "A_APPR"}), false, failureClass{kind: expense.NotWaiting, delay: isResult}},
	} {
		treated[c.want.kind] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFakeConcur(t, waiting())
			c.set(h)
			options := h.options(t)
			options.MaxReportBytes = 4 << 10
			act, once := action(expense.Approve), attempt{}
			switch name {
			case "not an action of Concur":
				act = action(expense.Ask)
			case "an attempt that ends", "an attempt that ends before a write":
				once.cancel = func(cancel context.CancelCauseFunc) { cancel(errors.New("the worker stops")) }
			case "no answer in time", "no answer to a write in time":
				options.Concur = h.client(t, func(o *concur.Options) { o.RequestTimeout = 500 * time.Millisecond })
			case "a blocking exception", "an owner without an approver", "a report at another step, by v4", "a comment that Concur requires":
				act = actionV4(expense.Approve)
			case "a travel request of unclear standing":
				act = actionOnRequest(expense.Approve)
			case "writes that are switched off":
				options.Writes.Mode = activities.WritesOff
			case "an ambiguous step":
				options.Interface.Via = expense.V4
				twoSteps(t, &options)
			case "a reached send-back limit":
				options.SendBackLimit = activities.SendBackLimit{Counter: &counter{reason: "too many"}, SendBacks: 1}
				act = action(expense.SendBack)
				act.ByRules = true
			}
			acts := mustNew(t, options)
			var reading expense.ReportState
			var err error
			if c.write {
				var taken expense.ActionTaken
				taken, err = run[expense.ActionTaken](t, once, acts.TakeAction, act)
				reading = taken.ReportState
			} else {
				var fetched expense.FetchedReport
				fetched, err = run[expense.FetchedReport](t, once, acts.FetchReport, readInput())
				reading = fetched.ReportState
			}
			if c.want.delay == isResult {
				require.NoError(t, err)
				require.Equal(t, c.want.kind, reading.Kind)
				return
			}
			e := failed(t, err, c.want.kind)
			require.Equal(t, c.want.parked, e.NonRetryable())
			require.Equal(t, c.want.delay, e.NextRetryDelay())
			for _, secret := range []string{bearer, "secret", "reportfulldetails", "nStep$1"} {
				require.NotContains(t, e.Error(), secret)
			}
		})
	}
	for _, kind := range workflows.Kinds() {
		require.True(t, treated[kind], "nothing here says what becomes of %s", kind)
	}
}

// refusing refuses an approval by v4.
func refusing(code string) func(*fakeConcur) {
	return func(h *fakeConcur) { addV4(h).on("approve", refusedV4(code)) }
}

func shows(p page) func(*fakeConcur) {
	return func(h *fakeConcur) { h.pages = []page{p} }
}

func TestOtherErrorsAreRetried(t *testing.T) {
	t.Parallel()
	h := newFakeConcur(t)
	acts := h.activities(t, func(o *activities.Options) {
		o.Starter = &starter{err: errors.New("away"), swept: []string{"EXPRPT:z"}}
	})
	_, err := run[expense.StartedProcessing](t, attempt{}, acts.StartProcessing,
		expense.StartProcessingInput{Notifications: []expense.Notification{{Kind: expense.ReportObject, Key: "a"}}})
	var e *temporal.ApplicationError
	require.ErrorAs(t, err, &e)
	require.False(t, e.NonRetryable())
	require.NotContains(t, workflows.Kinds(), expense.Kind(e.Type()), "no kind of Concur's is claimed")
}
