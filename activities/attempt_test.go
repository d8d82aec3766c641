package activities_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	temporallog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"concur-connector/activities"
	"concur-connector/expense"
)

// runID is the run that the test environment gives to every activity.
const runID = "default-test-run-id"

var firstAttempt = expense.Attempt{OriginalRunID: runID}

// attempt says how Temporal makes one attempt. The test environment has neither attempt
// numbers nor heartbeat timeouts, so an interceptor sets them.
type attempt struct {
	interceptor.WorkerInterceptorBase

	number  int32         // 0: the first
	timeout time.Duration // the heartbeat timeout; 0: nobody watches
	details string        // of the heartbeat of an attempt before
	before  any           // the same, if it is not a text
	cancel  func(context.CancelCauseFunc)
}

func (a attempt) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &inbound{interceptor.ActivityInboundInterceptorBase{Next: next}, a}
}

type inbound struct {
	interceptor.ActivityInboundInterceptorBase
	attempt attempt
}

func (i *inbound) Init(next interceptor.ActivityOutboundInterceptor) error {
	return i.Next.Init(&outbound{interceptor.ActivityOutboundInterceptorBase{Next: next}, i.attempt})
}

func (i *inbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	if i.attempt.cancel != nil {
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		defer cancel(nil)
		i.attempt.cancel(cancel)
	}
	return i.Next.ExecuteActivity(ctx, in)
}

type outbound struct {
	interceptor.ActivityOutboundInterceptorBase
	attempt attempt
}

func (o *outbound) GetInfo(ctx context.Context) activity.Info {
	info := o.Next.GetInfo(ctx)
	info.HeartbeatTimeout = o.attempt.timeout
	if o.attempt.number != 0 {
		info.Attempt = o.attempt.number
	}
	return info
}

// run makes one attempt of an activity.
func run[R any](t testing.TB, a attempt, method any, input any) (R, error) {
	t.Helper()
	var result R
	value, err := execute(a, method, input)
	if err == nil {
		require.NoError(t, value.Get(&result))
		answer := reflect.ValueOf(&result).Elem().FieldByName("Answer")
		require.NotZero(t, answer.Interface(), "every result names its activity")
		answer.SetZero()
	}
	return result, err
}

func execute(a attempt, method any, input any) (interface{ Get(any) error }, error) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(temporallog.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&a}})
	if a.details != "" {
		env.SetHeartbeatDetails(a.details)
	}
	if a.before != nil {
		env.SetHeartbeatDetails(a.before)
	}
	env.RegisterActivity(method)
	return env.ExecuteActivity(method, input)
}

// failed requires an error of this kind, and returns it as Temporal sees it.
func failed(t testing.TB, err error, kind expense.Kind) *temporal.ApplicationError {
	t.Helper()
	var e *temporal.ApplicationError
	require.ErrorAs(t, err, &e)
	require.Equal(t, string(kind), e.Type(), e.Error())
	return e
}

// heartbeat replaces the function that sends heartbeats.
func heartbeat(f func(ctx context.Context, details ...any) error) func(*activities.Options) {
	return func(o *activities.Options) { o.Heartbeat = f }
}

// permits answers every attempt that asks for permission to write.
type permits struct {
	earlier int
	full    bool
	err     error

	mu    sync.Mutex
	asked []expense.Permission
}

func (p *permits) Permit(_ context.Context, _, _ string, asked expense.Permission) (expense.Permitted, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, asked)
	return expense.Permitted{Earlier: p.earlier, Full: p.full}, p.err
}

// earlierWrites says what earlier runs have written.
type earlierWrites struct {
	runs expense.EarlierRuns
	err  error
}

func (p earlierWrites) EarlierWrites(context.Context, expense.EarlierInput) (expense.EarlierRuns, error) {
	return p.runs, p.err
}

func acknowledged(context.Context, ...any) error { return nil }

var errNoConnection = errors.New("no connection")

func unacknowledged(context.Context, ...any) error { return errNoConnection }

func gone(context.Context, ...any) error { return serviceerror.NewNotFound("the attempt has ended") }

func cancelled(context.Context, ...any) error { return temporal.NewCanceledError() }

func requestTimeout(d time.Duration) func(*activities.Options) {
	return func(o *activities.Options) { o.RequestTimeout = d }
}
