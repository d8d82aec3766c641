package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/worker"
	"google.golang.org/grpc"

	"concur-connector/internal/config"
	"concur-connector/workflows"
)

// operator is Temporal's operator service with these search attributes.
type operator struct {
	operatorservice.OperatorServiceClient // nothing else is asked of it
	attributes                            map[string]enumspb.IndexedValueType
	fails                                 error
}

func (o operator) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest, ...grpc.CallOption) (*operatorservice.ListSearchAttributesResponse, error) {
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: o.attributes}, o.fails
}

var registered = map[string]enumspb.IndexedValueType{
	workflows.ReportIDAttribute:   enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	workflows.WaitingForAttribute: enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	workflows.OutcomeAttribute:    enumspb.INDEXED_VALUE_TYPE_KEYWORD,
}

var errNoRun = serviceerror.NewNotFound("workflow not found")

// starting is a worker that starts against a Temporal whose answers a test gives.
func starting(t *testing.T) (*startup, *mocks.Client, *strings.Builder) {
	t.Helper()
	m, logged := mocks.NewClient(t), &strings.Builder{}
	cfg := config.Worker{Common: config.Common{TaskQueue: "own"}, SweepMode: "off"}
	return newStartup(cfg, m, "finance", slog.New(slog.NewTextHandler(logged, nil))), m, logged
}

// answers has Temporal answer health, the namespace and the search attributes.
func answers(m *mocks.Client, health, namespace error, o operator) {
	m.On("CheckHealth", mock.Anything, mock.Anything).Return(&client.CheckHealthResponse{}, health).Once()
	if health != nil {
		return
	}
	m.On("DescribeWorkflowExecution", mock.Anything, mock.Anything, "").Return(&workflowservice.DescribeWorkflowExecutionResponse{}, namespace).Once()
	if errors.Is(namespace, errNoRun) {
		m.On("OperatorService").Return(o).Once()
	}
}

// hasNoSchedule has Temporal know no schedule of the digests and none of the sweep, which are off.
func hasNoSchedule(t *testing.T, m *mocks.Client, fails error) {
	t.Helper()
	digests, none := mocks.NewScheduleClient(t), mocks.NewScheduleHandle(t)
	none.On("Delete", mock.Anything).Return(nil).Once()
	digests.On("GetHandle", mock.Anything, workflows.DigestScheduleID("own")).Return(none).Once()
	m.On("ScheduleClient").Return(digests).Once()
	schedules, handle := mocks.NewScheduleClient(t), mocks.NewScheduleHandle(t)
	handle.On("Delete", mock.Anything).Return(fails).Once()
	schedules.On("GetHandle", mock.Anything, mock.Anything).Return(handle).Once()
	m.On("ScheduleClient").Return(schedules).Once()
}

func TestTheWorkerWaitsForTemporalAndThenPolls(t *testing.T) {
	t.Parallel()
	s, m, logged := starting(t)
	require.EqualError(t, s.ready(t.Context()), "the worker is starting")
	answers(m, serviceerror.NewUnavailable("no frontend"), nil, operator{})
	answers(m, nil, serviceerror.NewNamespaceNotFound("finance"), operator{})
	answers(m, nil, errNoRun, operator{attributes: registered})
	hasNoSchedule(t, m, nil)

	attempts := 0
	polling, err := s.untilStarted(t.Context(), func() ([]worker.Worker, error) {
		attempts++
		require.ErrorContains(t, s.ready(t.Context()), "reach the namespace: ", "it is not ready before it polls")
		return []worker.Worker{}, nil
	})
	require.NoError(t, err)
	require.NotNil(t, polling)
	require.Equal(t, 1, attempts)
	require.Contains(t, logged.String(), "reach Temporal: no frontend")
	require.Contains(t, logged.String(), "reach the namespace: ")

	m.On("CheckHealth", mock.Anything, mock.Anything).Return(&client.CheckHealthResponse{}, nil).Once()
	m.On("DescribeWorkflowExecution", mock.Anything, mock.Anything, "").Return(nil, errNoRun).Once()
	require.NoError(t, s.ready(t.Context()))
}

func TestAPollThatCannotBeginIsTriedAgain(t *testing.T) {
	t.Parallel()
	s, m, _ := starting(t)
	for range 2 {
		answers(m, nil, errNoRun, operator{attributes: registered})
		hasNoSchedule(t, m, serviceerror.NewNotFound("no schedule"))
	}
	attempts := 0
	_, err := s.untilStarted(t.Context(), func() ([]worker.Worker, error) {
		if attempts++; attempts == 1 {
			return nil, errors.New("the frontend went away")
		}
		require.EqualError(t, s.ready(t.Context()), "the frontend went away")
		return []worker.Worker{}, nil
	})
	require.NoError(t, err)
	require.Equal(t, 2, attempts)
}

func TestTheWorkerEndsWhenASearchAttributeIsMissing(t *testing.T) {
	t.Parallel()
	s, m, _ := starting(t)
	answers(m, nil, errNoRun, operator{})
	_, err := s.untilStarted(t.Context(), func() ([]worker.Worker, error) { return nil, errors.New("it must not poll") })
	require.ErrorContains(t, err, "search attributes are missing in namespace finance; create them with\n  temporal operator search-attribute create --namespace finance")
}

func TestTheWorkerWarnsWhenTheSearchAttributesMayNotBeLookedAt(t *testing.T) {
	t.Parallel()
	s, m, logged := starting(t)
	answers(m, nil, errNoRun, operator{fails: serviceerror.NewPermissionDenied("not yours", "")})
	hasNoSchedule(t, m, nil)
	_, err := s.untilStarted(t.Context(), func() ([]worker.Worker, error) { return []worker.Worker{}, nil })
	require.NoError(t, err)
	require.Contains(t, logged.String(), "search attributes not checked")
}

func TestAWorkerThatWaitsForTemporalEndsAtOnce(t *testing.T) {
	t.Parallel()
	s, m, _ := starting(t)
	ctx, cancel := context.WithCancel(t.Context())
	m.On("CheckHealth", mock.Anything, mock.Anything).Return(nil, serviceerror.NewUnavailable("no frontend")).Run(func(mock.Arguments) { cancel() })
	began := time.Now()
	polling, err := s.untilStarted(ctx, func() ([]worker.Worker, error) { return nil, errors.New("it must not poll") })
	require.NoError(t, err)
	require.Nil(t, polling)
	require.Less(t, time.Since(began), firstStartDelay)
}
