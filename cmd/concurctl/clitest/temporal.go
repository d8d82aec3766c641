package clitest

import (
	"context"
	"testing"
	"time"

	"concur-connector/cmd/concurctl/cli"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"concur-connector/workflows"
)

var (
	ErrNotFound    = serviceerror.NewNotFound("workflow not found")
	ErrDenied      = serviceerror.NewPermissionDenied("not yours", "")
	ErrUnavailable = serviceerror.NewUnavailable("no frontend")
)

// Deployment is a deployment whose Temporal is a mock.
func Deployment(t *testing.T) (*cli.Deployment, *mocks.Client) {
	t.Helper()
	m := mocks.NewClient(t)
	return cli.NewDeployment(m, "finance", "own"), m
}

// Silent is a bar that nobody sees.
func Silent() *cli.Progress { return cli.NewProgress(nil, "", 0) }

// RunStart is when the runs of RunInfo started.
var RunStart = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// RunInfo is what Temporal knows of a run.
func RunInfo(t *testing.T, id string, status enumspb.WorkflowExecutionStatus, attributes map[string]string) *workflowpb.WorkflowExecutionInfo {
	t.Helper()
	info := &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: id}, Type: &commonpb.WorkflowType{Name: workflows.ProcessNotification},
		Status: status, StartTime: timestamppb.New(RunStart), SearchAttributes: &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{}},
	}
	for name, value := range attributes {
		p, err := converter.GetDefaultDataConverter().ToPayload(value)
		require.NoError(t, err)
		info.SearchAttributes.IndexedFields[name] = p
	}
	return info
}

// Operator is Temporal's operator service with these search attributes.
type Operator struct {
	operatorservice.OperatorServiceClient // nothing else is asked of it
	Attributes                            map[string]enumspb.IndexedValueType
	Lists, Adds                           error
	Added                                 map[string]enumspb.IndexedValueType
	Late                                  int // lists that do not show yet what was added
}

func (o *Operator) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest, ...grpc.CallOption) (*operatorservice.ListSearchAttributesResponse, error) {
	shown := map[string]enumspb.IndexedValueType{}
	for name, kind := range o.Attributes {
		shown[name] = kind
	}
	if o.Added != nil {
		if o.Late--; o.Late < 0 {
			for name, kind := range o.Added {
				shown[name] = kind
			}
		}
	}
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: shown}, o.Lists
}

func (o *Operator) AddSearchAttributes(_ context.Context, in *operatorservice.AddSearchAttributesRequest, _ ...grpc.CallOption) (*operatorservice.AddSearchAttributesResponse, error) {
	if o.Adds == nil {
		o.Added = in.GetSearchAttributes()
	}
	return &operatorservice.AddSearchAttributesResponse{}, o.Adds
}

// Namespaces is Temporal's service with one namespace that keeps closed runs so long,
// or, below zero, with none.
type Namespaces struct {
	workflowservice.WorkflowServiceClient // nothing else is asked of it
	Kept                                  time.Duration
}

func (n *Namespaces) DescribeNamespace(context.Context, *workflowservice.DescribeNamespaceRequest, ...grpc.CallOption) (*workflowservice.DescribeNamespaceResponse, error) {
	if n.Kept < 0 {
		return nil, serviceerror.NewNamespaceNotFound("finance")
	}
	return &workflowservice.DescribeNamespaceResponse{Config: &namespacepb.NamespaceConfig{
		WorkflowExecutionRetentionTtl: durationpb.New(n.Kept),
	}}, nil
}

// Lone is a list of one run.
func Lone(t *testing.T, id string) []*workflowpb.WorkflowExecutionInfo {
	t.Helper()
	return []*workflowpb.WorkflowExecutionInfo{RunInfo(t, id, enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, nil)}
}
