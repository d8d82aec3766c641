package activities_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/expense"
)

// withPermits sets the run's answers to requests for permission.
func withPermits(p *permits) func(*activities.Options) {
	return func(o *activities.Options) { o.Permits = p }
}

// eachWrite makes a first attempt of every write.
func eachWrite(t *testing.T, p *permits, check func(t *testing.T, seen []string, err error)) {
	t.Helper()
	byException := expense.ApproveByExceptionInput{TakeActionInput: action(expense.Approve), Code: "APPROVED"}
	for name, write := range map[string]func(*testing.T, *activities.Activities) error{
		"post exceptions": func(t *testing.T, acts *activities.Activities) error {
			_, err := run[expense.PostedExceptions](t, attempt{}, acts.PostExceptions, exceptions(onEntry("e1")))
			return err
		},
		"take action": func(t *testing.T, acts *activities.Activities) error {
			_, err := run[expense.ActionTaken](t, attempt{}, acts.TakeAction, action(expense.SendBack))
			return err
		},
		"approve by exception": func(t *testing.T, acts *activities.Activities) error {
			_, err := run[expense.ActionTaken](t, attempt{}, acts.ApproveByException, byException)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFakeConcur(t, waiting())
			err := write(t, h.activities(t, withPermits(p)))
			check(t, h.requestNames(), err)
		})
	}
	for name, write := range map[string]func(*testing.T, *activities.Activities) error{
		"put exceptions": func(t *testing.T, acts *activities.Activities) error {
			_, err := run[expense.PostedExceptions](t, attempt{}, acts.PostExceptions, exceptionsV4(onReport))
			return err
		},
		"delete exceptions": func(t *testing.T, acts *activities.Activities) error {
			_, err := run[expense.DeletedExceptions](t, attempt{}, acts.DeleteExceptions, deleteInput(expense.ExistingException{Exception: onReport}))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newFakeV4(t)
			if name == "delete exceptions" {
				n.existing = []expense.ExistingException{{Exception: onReport}}
			}
			err := write(t, n.activities(t, withPermits(p)))
			check(t, n.requestNames(), err)
		})
	}
}

func requireNothingSent(t *testing.T, seen []string) {
	t.Helper()
	for _, write := range []string{"post", "act", "put", "delete exception"} {
		require.NotContains(t, seen, write)
	}
}

func TestResetAttemptSendsNothing(t *testing.T) {
	t.Parallel()
	eachWrite(t, &permits{earlier: 1}, func(t *testing.T, seen []string, err error) {
		e := failed(t, err, expense.OutcomeUnknown)
		require.False(t, e.NonRetryable(), "the attempt that follows knows that it is not the first")
		var detail expense.FailedWrite
		require.NoError(t, e.Details(&detail))
		require.True(t, detail.OutcomeUnknown)
		require.NotEmpty(t, detail.Of, "the run knows which activity failed")
		requireNothingSent(t, seen)
	})
}

func TestWriteWithoutPermissionIsNotSent(t *testing.T) {
	t.Parallel()
	eachWrite(t, &permits{err: errors.New("the run does not wait for this activity")}, func(t *testing.T, seen []string, err error) {
		require.False(t, failed(t, err, expense.Unavailable).NonRetryable())
		requireNothingSent(t, seen)
	})
}

func TestRunWithFullHistoryEndsTheActivity(t *testing.T) {
	t.Parallel()
	eachWrite(t, &permits{full: true}, func(t *testing.T, seen []string, err error) {
		require.True(t, failed(t, err, expense.Unavailable).NonRetryable(), "the run continues as new")
		requireNothingSent(t, seen)
	})
}

func TestResetAttemptOfARunWithFullHistoryIsRetried(t *testing.T) {
	t.Parallel()
	eachWrite(t, &permits{full: true, earlier: 1}, func(t *testing.T, seen []string, err error) {
		e := failed(t, err, expense.OutcomeUnknown)
		require.False(t, e.NonRetryable(), "the attempt that follows waits and reads before the run continues as new")
		requireNothingSent(t, seen)
	})
}

func TestLaterAttemptIsPermittedAndCompares(t *testing.T) {
	t.Parallel()
	p := &permits{earlier: 3}
	h := newFakeConcur(t, waiting())
	got, err := run[expense.PostedExceptions](t, attempt{number: 2}, h.activities(t, withPermits(p)).PostExceptions, exceptions(onEntry("e1")))
	require.NoError(t, err)
	require.Equal(t, []expense.PostState{expense.Posted}, states(got))
	require.Len(t, p.asked, 1)
	require.Equal(t, validationOne, p.asked[0].ValidationID)
	require.NotEmpty(t, p.asked[0].Activity)
}

func TestAttemptAsksForPermissionOnce(t *testing.T) {
	t.Parallel()
	p := &permits{}
	post(t, attempt{}, newFakeV4(t).activities(t, withPermits(p)), exceptionsV4(onReport, onEntry("E1")))
	require.Len(t, p.asked, 1)
	require.Equal(t, expense.V4, p.asked[0].Via)
}

func TestPermissionNamesTheApprovalException(t *testing.T) {
	t.Parallel()
	p := &permits{}
	h := newFakeConcur(t, waiting(), waiting(), page{Status: "A_APPR"})
	_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t, withPermits(p)).ApproveByException,
		expense.ApproveByExceptionInput{TakeActionInput: action(expense.Approve), Code: "APPROVED"})
	require.NoError(t, err)
	require.Equal(t, "APPROVED", p.asked[0].Code)
}

func TestActivityWithoutHeartbeatTimeoutSendsHeartbeats(t *testing.T) {
	t.Parallel()
	h := newFakeConcur(t, waiting())
	_, err := run[expense.ActionTaken](t, attempt{timeout: 0}, h.activities(t, heartbeat(gone)).TakeAction, action(expense.Approve))
	failed(t, err, expense.Unavailable)
	requireNothingSent(t, h.requestNames())
}

func TestFetchReportSaysWhatEarlierRunsWrote(t *testing.T) {
	t.Parallel()
	wrote := expense.EarlierRuns{CheckedRuns: []string{"r1"}, Wrote: true, Code: "APPROVED"}
	before := func(p earlierWrites) func(*activities.Options) {
		return func(o *activities.Options) { o.EarlierWrites = p }
	}
	read, err := run[expense.FetchedReport](t, attempt{}, newFakeConcur(t, waiting()).activities(t, before(earlierWrites{runs: wrote})).FetchReport, readInput())
	require.NoError(t, err)
	require.Equal(t, wrote, read.Earlier)

	_, err = run[expense.FetchedReport](t, attempt{}, newFakeConcur(t, waiting()).activities(t, before(earlierWrites{err: errNoConnection})).FetchReport, readInput())
	require.ErrorContains(t, err, errNoConnection.Error(), "as long as it is not known nothing is written")
}

func TestExceptionsPostedEarlierAreAResultEvenWithoutWrites(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]activities.Writes{
		"switched off": {Mode: activities.WritesOff}, "a dry run": {Mode: activities.WritesDryRun},
	} {
		t.Run(name+" by v1.1", func(t *testing.T) {
			t.Parallel()
			h := newFakeConcur(t, page{Status: "A_EXTV", Step: stepOne, Flag1: "Y"})
			got := post(t, attempt{number: 2}, h.activities(t, writes(w)), exceptions(onEntry("e1")))
			require.Equal(t, []expense.PostState{expense.Posted}, states(got))
			require.Empty(t, got.DryRun)
		})
		t.Run(name+" by v4", func(t *testing.T) {
			t.Parallel()
			n := newFakeV4(t)
			n.existing = []expense.ExistingException{{Exception: onReport}}
			got := post(t, attempt{number: 2}, n.activities(t, writes(w)), exceptionsV4(onReport))
			require.Equal(t, []expense.PostState{expense.Posted}, states(got))
			require.Empty(t, got.DryRun)
		})
	}
	t.Run("missing exceptions get a dry run", func(t *testing.T) {
		t.Parallel()
		acts := newFakeConcur(t, waiting()).activities(t, writes(activities.Writes{Mode: activities.WritesDryRun}))
		require.Equal(t, expense.DryRunMode, post(t, attempt{number: 2}, acts, exceptions(onEntry("e1"))).DryRun)
		n := newFakeV4(t)
		acts = n.activities(t, writes(activities.Writes{Mode: activities.WritesDryRun}))
		require.Equal(t, expense.DryRunMode, post(t, attempt{number: 2}, acts, exceptionsV4(onReport)).DryRun)
	})
}

func TestWaitForPermissionIsLimited(t *testing.T) {
	t.Parallel()
	var limit time.Duration
	slow := slowPermits(func(ctx context.Context) {
		at, _ := ctx.Deadline()
		limit = time.Until(at)
	})
	h := newFakeConcur(t, waiting()).on("act", respond(http.StatusOK, success))
	_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t, func(o *activities.Options) { o.Permits = slow }).TakeAction, action(expense.Approve))
	require.NoError(t, err)
	require.Positive(t, limit)
	require.LessOrEqual(t, limit, 10*time.Second)
}

type slowPermits func(context.Context)

func (f slowPermits) Permit(ctx context.Context, _, _ string, _ expense.Permission) (expense.Permitted, error) {
	f(ctx)
	return expense.Permitted{}, nil
}
