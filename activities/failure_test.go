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
		says(status, text)(w, r)
	}
}

// value marks the kinds that are found by reading and are no error.
const value = -1

// treatment is what Temporal is told about one failure.
type treatment struct {
	kind   expense.Kind
	parked bool          // not retried: the workflow waits for a person
	delay  time.Duration // before the next attempt; 0: the retry policy's; value: no error
}

func TestEveryKindHasItsTreatment(t *testing.T) {
	t.Parallel()
	const deadlock = "<Error><Message>Transaction was deadlocked; rerun it.</Message></Error>"
	shut := func(h *house) { h.Close() }
	answers := func(name string, f http.HandlerFunc) func(*house) { return func(h *house) { h.on(name, f) } }
	treated := map[expense.Kind]bool{}
	for name, c := range map[string]struct {
		set   func(*house)
		write bool
		want  treatment
	}{
		"an error of the server":               {answers("read", says(500, "")), false, treatment{kind: expense.Unavailable}},
		"a web page":                           {answers("read", says(200, "<html></html>")), false, treatment{kind: expense.Unavailable}},
		"no connection":                        {shut, false, treatment{kind: expense.Unavailable}},
		"an outage":                            {answers("read", says(503, "")), false, treatment{kind: expense.Unavailable, delay: delays.Outage}},
		"an outage at a write":                 {answers("act", says(503, "")), true, treatment{kind: expense.Unavailable, delay: delays.Outage}},
		"an outage that says how long":         {answers("read", hint(503, "7", "")), false, treatment{kind: expense.Unavailable, delay: 7 * time.Second}},
		"an outage of the token endpoint":      {answers("token", says(503, "{}")), false, treatment{kind: expense.Unavailable, delay: delays.Outage}},
		"no answer in time":                    {answers("read", never), false, treatment{kind: expense.Unavailable, delay: delays.Outage}},
		"no answer to a write in time":         {answers("act", never), true, treatment{kind: expense.OutcomeUnknown, delay: delays.Outage}},
		"too many requests":                    {answers("read", says(429, "")), false, treatment{kind: expense.RateLimited}},
		"too many requests, and how long":      {answers("read", hint(429, "31", "")), false, treatment{kind: expense.RateLimited, delay: 31 * time.Second}},
		"too many requests, for a day":         {answers("read", hint(429, "86400", "")), false, treatment{kind: expense.RateLimited, delay: time.Hour}},
		"a deadlock":                           {answers("act", says(400, deadlock)), true, treatment{kind: expense.Deadlock}},
		"an access that is refused":            {answers("read", says(401, "")), false, treatment{kind: expense.Unauthorized, delay: delays.Unauthorized}},
		"an access refused with another delay": {answers("read", hint(401, "1", "")), false, treatment{kind: expense.Unauthorized, delay: delays.Unauthorized}},
		"a refresh token that has ended":       {answers("token", says(400, `{"code":108,"error":"invalid_grant"}`)), false, treatment{kind: expense.Unauthorized, delay: delays.Unauthorized}},
		"a missing role":                       {answers("read", hint(403, "9", "")), false, treatment{kind: expense.Forbidden, parked: true}},
		"a missing role to write":              {answers("act", says(403, "")), true, treatment{kind: expense.Forbidden, parked: true}},
		"what is no action of Concur's":        {shows(waiting()), true, treatment{kind: expense.InvalidArgument, parked: true}},
		"an attempt that ends":                 {shows(waiting()), false, treatment{kind: expense.Interrupted}},
		"an attempt that ends before a write":  {shows(waiting()), true, treatment{kind: expense.Interrupted}},
		"a report at another step, by v4":      {refusing("error.workflow.invalid_action"), true, treatment{kind: expense.Rejected, parked: true}},
		"a refusal":                            {answers("read", says(422, "")), false, treatment{kind: expense.Rejected, parked: true}},
		"a redirect":                           {answers("read", hint(302, "9", "")), false, treatment{kind: expense.Rejected, parked: true}},
		"a failure inside 200":                 {answers("act", says(200, failure)), true, treatment{kind: expense.Rejected, parked: true}},
		"a wild action URL":                    {shows(page{Status: "A_EXTV", Step: "https://evil.example/"}), false, treatment{kind: expense.Untrusted, parked: true}},
		"an answer that cannot be read":        {answers("read", says(200, "<Report/>")), false, treatment{kind: expense.Malformed, parked: true}},
		"a report without its entries":         {answers("read", says(200, "<ReportDetails><ReportId>R</ReportId><ApsKey>A_EXTV</ApsKey><ReportTotal>9.00</ReportTotal><EntryCount>1</EntryCount></ReportDetails>")), false, treatment{kind: expense.Incomplete, parked: true}},
		"a report that is too large":           {shows(page{Status: "A_EXTV", Step: stepOne, Purpose: strings.Repeat("long ", 1000)}), false, treatment{kind: expense.TooLarge, parked: true}},
		"a lost answer":                        {answers("act", says(500, "")), true, treatment{kind: expense.OutcomeUnknown}},
		"writes that are switched off":         {shows(waiting()), true, treatment{kind: expense.WritesOff, parked: true}},
		"a blocking exception":                 {refusing("step_exit_blocking_by_exception"), true, treatment{kind: expense.Blocked, parked: true}},
		"an owner without an approver":         {refusing("no_approver.change_my_info"), true, treatment{kind: expense.NoApprover, parked: true}},
		"a comment that Concur requires":       {refusing("missingComments"), true, treatment{kind: expense.CommentMissing, parked: true}},
		"a travel request of unclear standing": {func(h *house) {
			furnished(h).on("request", says(http.StatusOK, shown(requestID, "", `[{"rel":"approve"}]`)))
		}, true, treatment{kind: expense.UnclearStep, parked: true}},
		"a brake that holds":             {shows(waiting()), true, treatment{kind: expense.SendBackLimitReached, parked: true}},
		"a stop that looks like another": {func(h *house) { furnished(h) }, false, treatment{kind: expense.AmbiguousStep, parked: true}},
		"a report that is gone":          {shows(page{Gone: true}), false, treatment{kind: expense.NotFound, delay: value}},
		"a report elsewhere":             {shows(page{Status: "A_APPR"}), false, treatment{kind: expense.NotWaiting, delay: value}},
	} {
		treated[c.want.kind] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, waiting())
			c.set(h)
			options := h.options(t)
			options.MaxReportBytes = 4 << 10
			act, once := action(expense.Approve), attempt{}
			switch name {
			case "what is no action of Concur's":
				act = action(expense.Ask)
			case "an attempt that ends", "an attempt that ends before a write":
				once.cancel = func(cancel context.CancelCauseFunc) { cancel(errors.New("the worker stops")) }
			case "no answer in time", "no answer to a write in time":
				options.Concur = h.client(t, func(o *concur.Options) { o.AnswerLimit = 500 * time.Millisecond })
			case "a blocking exception", "an owner without an approver", "a report at another step, by v4", "a comment that Concur requires":
				act = actionV4(expense.Approve)
			case "a travel request of unclear standing":
				act = actionOnRequest(expense.Approve)
			case "writes that are switched off":
				options.Writes.Mode = activities.WritesOff
			case "a stop that looks like another":
				options.Interface.Via = expense.V4
				twoStops(t, &options)
			case "a brake that holds":
				options.SendBackLimit = activities.SendBackLimit{Counter: &brake{held: "too many"}, SendBacks: 1}
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
			if c.want.delay == value {
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

// refusing refuses to pass a report on by v4.
func refusing(code string) func(*house) {
	return func(h *house) { furnished(h).on("approve", refusedV4(code)) }
}

func shows(p page) func(*house) {
	return func(h *house) { h.pages = []page{p} }
}

func TestAnErrorThatIsOursIsRetriedUntilItIsMended(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	acts := h.activities(t, func(o *activities.Options) {
		o.Starter = &starter{fails: errors.New("away"), told: []string{"EXPRPT:z"}}
	})
	_, err := run[expense.StartedProcessing](t, attempt{}, acts.StartProcessing,
		expense.StartProcessingInput{Notifications: []expense.Notification{{Kind: expense.ReportObject, Key: "a"}}})
	var e *temporal.ApplicationError
	require.ErrorAs(t, err, &e)
	require.False(t, e.NonRetryable())
	require.NotContains(t, workflows.Kinds(), expense.Kind(e.Type()), "no kind of Concur's is claimed")
}
