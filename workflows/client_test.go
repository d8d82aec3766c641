package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"google.golang.org/grpc"

	"concur-connector/expense"
	"concur-connector/workflows"
)

const calloutID = "EXPRPT:gWr1$pKey"

var (
	errMissing = serviceerror.NewNotFound("workflow execution already completed")
	errAway    = serviceerror.NewUnavailable("no frontend")
	errStarted = serviceerror.NewWorkflowExecutionAlreadyStarted("already started", "request", "run")
)

// startOptions are what a start must say, and all of it: a search attribute that is
// not registered would fail every start.
func startOptions(queue string, refuseWhenOpen bool, n expense.Notification) client.StartWorkflowOptions {
	var memo map[string]any
	if n.NotificationURI != "" {
		memo = map[string]any{"ConcurNotificationURI": n.NotificationURI}
	}
	return client.StartWorkflowOptions{
		Memo:                                     memo,
		ID:                                       calloutID,
		TaskQueue:                                queue,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: refuseWhenOpen,
		StaticSummary:                            "Expense report at external validation",
	}
}

func TestANotificationStartsTheRunOfItsID(t *testing.T) {
	t.Parallel()
	for queue, want := range map[string]string{"": workflows.DefaultTaskQueue, "own": "own"} {
		c := mocks.NewClient(t)
		c.On("ExecuteWorkflow", mock.Anything, startOptions(want, true, callout()), workflows.ProcessNotification,
			workflows.ProcessInput{Notification: callout()}).Return(nil, nil).Once()
		started, err := workflows.NewClient(c, queue).Start(t.Context(), callout())
		require.NoError(t, err)
		require.True(t, started)
	}
}

func TestANotificationSignalsTheOpenRunInOneCall(t *testing.T) {
	t.Parallel()
	n := failedCopy(1)
	input := workflows.ProcessInput{Notification: n}
	c := mocks.NewClient(t)
	c.On("ExecuteWorkflow", mock.Anything, startOptions("own", true, n), workflows.ProcessNotification, input).Return(nil, errStarted).Once()
	c.On("SignalWithStartWorkflow", mock.Anything, calloutID, workflows.Notified, n, startOptions("own", false, n),
		workflows.ProcessNotification, input).Return(nil, nil).Once()
	started, err := workflows.NewClient(c, "own").Start(t.Context(), n)
	require.NoError(t, err)
	require.False(t, started)
}

func TestAFailedStartReturnsAnErrorAndSendsNoSignal(t *testing.T) {
	t.Parallel()
	for _, failure := range []error{errAway, context.DeadlineExceeded, serviceerror.NewPermissionDenied("no", ""), serviceerror.NewNamespaceNotFound("n")} {
		c := mocks.NewClient(t)
		c.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).Return(nil, failure).Once()
		started, err := workflows.NewClient(c, "").Start(t.Context(), callout())
		require.ErrorIs(t, err, failure)
		require.ErrorContains(t, err, "start the run of "+calloutID)
		require.False(t, started)
	}
}

func TestAFailedSignalReturnsAnErrorAndIsNotRepeated(t *testing.T) {
	t.Parallel()
	c := mocks.NewClient(t)
	c.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).Return(nil, errStarted).Once()
	c.On("SignalWithStartWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything).
		Return(nil, errAway).Once()
	started, err := workflows.NewClient(c, "").Start(t.Context(), callout())
	require.ErrorIs(t, err, errAway)
	require.ErrorContains(t, err, "signal the run of "+calloutID)
	require.False(t, started)
}

func TestTheSummaryOfARunNamesTheKindOfObject(t *testing.T) {
	t.Parallel()
	for kind, summary := range map[expense.ObjectKind]string{
		expense.ReportObject:  "Expense report at external validation",
		expense.RequestObject: "Travel request at external validation",
		expense.UnknownObject: "Object of an unknown kind",
	} {
		c := mocks.NewClient(t)
		says := func(o client.StartWorkflowOptions) bool {
			return o.StaticSummary == summary && o.ID == string(kind)+":k"
		}
		c.On("ExecuteWorkflow", mock.Anything, mock.MatchedBy(says), mock.Anything, mock.Anything).Return(nil, nil).Once()
		_, err := workflows.NewClient(c, "").Start(t.Context(), expense.Notification{Kind: kind, Key: "k"})
		require.NoError(t, err)
	}
}

func TestADecisionReachesTheOpenRunOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	decision := expense.Decision{TaskID: "t", ID: "d", Decision: expense.DecideApprove, By: "kim"}
	for name, c := range map[string]struct {
		signal    error
		described error // asked only when the signal found no open run
		want      error
	}{
		"an open run":                      {nil, nil, nil},
		"a run that has ended":             {errMissing, nil, workflows.ErrClosed},
		"no run":                           {errMissing, errMissing, workflows.ErrNoRun},
		"no run that can be described now": {errMissing, errAway, errAway},
		"no Temporal":                      {errAway, nil, errAway},
		"no time":                          {context.DeadlineExceeded, nil, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mocks.NewClient(t)
			m.On("SignalWorkflow", mock.Anything, calloutID, "", workflows.Decided, decision).Return(c.signal).Once()
			if errors.Is(c.signal, errMissing) {
				m.On("DescribeWorkflowExecution", mock.Anything, calloutID, "").Return(&workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{}}, c.described).Once()
			}
			err := workflows.NewClient(m, "").Decide(t.Context(), calloutID, decision)
			require.ErrorIs(t, err, c.want)
		})
	}
}

func TestTheStatusIsTheAnswerOfTheLatestRun(t *testing.T) {
	t.Parallel()
	m, answer := mocks.NewClient(t), &mocks.Value{}
	answer.On("Get", mock.Anything).Run(func(args mock.Arguments) {
		*args.Get(0).(*workflows.Status) = workflows.Status{NotificationID: calloutID, State: workflows.Waiting}
	}).Return(nil).Once()
	m.On("QueryWorkflow", mock.Anything, calloutID, "", workflows.StatusQuery).Return(answer, nil).Once()
	status, err := workflows.NewClient(m, "").Status(t.Context(), calloutID)
	require.NoError(t, err)
	require.Equal(t, workflows.Status{NotificationID: calloutID, State: workflows.Waiting}, status)
}

func TestAMissingStatusReturnsAnErrorWithTheReason(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ failure, want error }{
		"no run":                        {errMissing, workflows.ErrNoRun},
		"a query that was not answered": {serviceerror.NewDeadlineExceeded("query"), workflows.ErrNoAnswer},
		"a caller that has no time":     {fmt.Errorf("query: %w", context.DeadlineExceeded), workflows.ErrNoAnswer},
		"a query that failed":           {serviceerror.NewQueryFailed("unknown queryType"), workflows.ErrNoAnswer},
		"a run without a first task":    {serviceerror.NewFailedPrecondition("no worker"), workflows.ErrNoAnswer},
		"no Temporal":                   {errAway, errAway},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mocks.NewClient(t)
			m.On("QueryWorkflow", mock.Anything, calloutID, "", workflows.StatusQuery).Return(nil, c.failure).Once()
			status, err := workflows.NewClient(m, "").Status(t.Context(), calloutID)
			require.ErrorIs(t, err, c.want)
			require.Zero(t, status)
			if !errors.Is(c.want, workflows.ErrNoAnswer) {
				require.NotErrorIs(t, err, workflows.ErrNoAnswer)
			}
		})
	}
}

func TestAStatusThatCannotBeDecodedIsAnError(t *testing.T) {
	t.Parallel()
	m, answer, unreadable := mocks.NewClient(t), &mocks.Value{}, errors.New("no key for this payload")
	answer.On("Get", mock.Anything).Return(unreadable).Once()
	m.On("QueryWorkflow", mock.Anything, calloutID, "", workflows.StatusQuery).Return(answer, nil).Once()
	_, err := workflows.NewClient(m, "").Status(t.Context(), calloutID)
	require.ErrorIs(t, err, unreadable)
}

func TestReadyNeedsTemporalAndTheNamespace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		health, described error
		says              string
	}{
		"a namespace without such a run": {nil, errMissing, ""},
		"a namespace with such a run":    {nil, nil, ""},
		"no Temporal":                    {errAway, nil, "reach Temporal: no frontend"},
		"no namespace":                   {nil, serviceerror.NewNamespaceNotFound("elsewhere"), "namespace"},
		"no right to the namespace":      {nil, serviceerror.NewPermissionDenied("not yours", ""), "not yours"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mocks.NewClient(t)
			m.On("CheckHealth", mock.Anything, mock.Anything).Return(&client.CheckHealthResponse{}, c.health).Once()
			if c.health == nil {
				m.On("DescribeWorkflowExecution", mock.Anything, mock.Anything, "").Return(&workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{}}, c.described).Once()
			}
			err := workflows.NewClient(m, "").Ready(t.Context())
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.says)
		})
	}
}

// operator is Temporal's operator service with these search attributes.
type operator struct {
	operatorservice.OperatorServiceClient // nothing else is asked of it
	attributes                            map[string]enumspb.IndexedValueType
	fails                                 error
	asked                                 string
}

func (o *operator) ListSearchAttributes(_ context.Context, in *operatorservice.ListSearchAttributesRequest, _ ...grpc.CallOption) (*operatorservice.ListSearchAttributesResponse, error) {
	o.asked = in.GetNamespace()
	if o.fails != nil {
		return nil, o.fails
	}
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: o.attributes}, nil
}

func TestCheckSearchAttributesNamesTheCommandThatCreatesThem(t *testing.T) {
	t.Parallel()
	const keyword, text = enumspb.INDEXED_VALUE_TYPE_KEYWORD, enumspb.INDEXED_VALUE_TYPE_TEXT
	type attributes = map[string]enumspb.IndexedValueType
	for name, c := range map[string]struct {
		operator operator
		says     []string
	}{
		"all there": {operator{attributes: attributes{"ConcurReportID": keyword, "ConcurWaitingFor": keyword, "ConcurOutcome": keyword, "Own": text}}, nil},
		"one missing": {operator{attributes: attributes{"ConcurReportID": keyword, "ConcurOutcome": keyword}},
			[]string{"missing in namespace finance", "\n  temporal operator search-attribute create --namespace finance --name ConcurWaitingFor --type Keyword"}},
		"all missing": {operator{},
			[]string{"create --namespace finance --name ConcurReportID --type Keyword --name ConcurWaitingFor --type Keyword --name ConcurOutcome --type Keyword"}},
		"one of another type": {operator{attributes: attributes{"ConcurReportID": keyword, "ConcurWaitingFor": keyword, "ConcurOutcome": text}},
			[]string{"ConcurOutcome is a Text", "temporal operator search-attribute remove --namespace finance --name NAME"}},
		"no Temporal": {operator{fails: errAway}, []string{"list the search attributes: no frontend"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mocks.NewClient(t)
			m.On("OperatorService").Return(&c.operator).Once()
			err := workflows.CheckSearchAttributes(t.Context(), m, "finance")
			require.Equal(t, "finance", c.operator.asked)
			require.Equal(t, c.says != nil, err != nil)
			require.NotErrorIs(t, err, workflows.ErrNotChecked)
			for _, words := range c.says {
				require.ErrorContains(t, err, words)
			}
		})
	}
	for name, refusal := range map[string]error{
		"no right to look": serviceerror.NewPermissionDenied("not yours", ""),
		"no such service":  serviceerror.NewUnimplemented("not here"),
	} {
		t.Run(name+" is not an error of the attributes", func(t *testing.T) {
			t.Parallel()
			m := mocks.NewClient(t)
			m.On("OperatorService").Return(&operator{fails: refusal}).Once()
			require.ErrorIs(t, workflows.CheckSearchAttributes(t.Context(), m, "finance"), workflows.ErrNotChecked)
		})
	}
}
