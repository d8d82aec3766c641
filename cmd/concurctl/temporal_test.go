package main

import (
	"context"
	"testing"
	"time"

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
	errMissing = serviceerror.NewNotFound("workflow not found")
	errDenied  = serviceerror.NewPermissionDenied("not yours", "")
	errAway    = serviceerror.NewUnavailable("no frontend")
)

// reached is a deployment whose Temporal is a mock.
func reached(t *testing.T) (*deployment, *mocks.Client) {
	t.Helper()
	m := mocks.NewClient(t)
	return newDeployment(m, "finance", "own"), m
}

// silent is a bar that nobody sees.
func silent() *progress { return newProgress(nil, "", 0) }

// runInfo is what Temporal knows of a run.
func runInfo(t *testing.T, id string, status enumspb.WorkflowExecutionStatus, attributes map[string]string) *workflowpb.WorkflowExecutionInfo {
	t.Helper()
	info := &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: id}, Type: &commonpb.WorkflowType{Name: workflows.ProcessNotification},
		Status: status, StartTime: timestamppb.New(long), SearchAttributes: &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{}},
	}
	for name, value := range attributes {
		p, err := converter.GetDefaultDataConverter().ToPayload(value)
		require.NoError(t, err)
		info.SearchAttributes.IndexedFields[name] = p
	}
	return info
}

// operator is Temporal's operator service with these search attributes.
type operator struct {
	operatorservice.OperatorServiceClient // nothing else is asked of it
	attributes                            map[string]enumspb.IndexedValueType
	lists, adds                           error
	added                                 map[string]enumspb.IndexedValueType
	late                                  int // lists that do not show yet what was added
}

func (o *operator) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest, ...grpc.CallOption) (*operatorservice.ListSearchAttributesResponse, error) {
	shown := map[string]enumspb.IndexedValueType{}
	for name, kind := range o.attributes {
		shown[name] = kind
	}
	if o.added != nil {
		if o.late--; o.late < 0 {
			for name, kind := range o.added {
				shown[name] = kind
			}
		}
	}
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: shown}, o.lists
}

func (o *operator) AddSearchAttributes(_ context.Context, in *operatorservice.AddSearchAttributesRequest, _ ...grpc.CallOption) (*operatorservice.AddSearchAttributesResponse, error) {
	if o.adds == nil {
		o.added = in.GetSearchAttributes()
	}
	return &operatorservice.AddSearchAttributesResponse{}, o.adds
}

// namespaces is Temporal's service with one namespace that keeps closed runs so long,
// or, below zero, with none.
type namespaces struct {
	workflowservice.WorkflowServiceClient // nothing else is asked of it
	kept                                  time.Duration
}

func (n *namespaces) DescribeNamespace(context.Context, *workflowservice.DescribeNamespaceRequest, ...grpc.CallOption) (*workflowservice.DescribeNamespaceResponse, error) {
	if n.kept < 0 {
		return nil, serviceerror.NewNamespaceNotFound("finance")
	}
	return &workflowservice.DescribeNamespaceResponse{Config: &namespacepb.NamespaceConfig{
		WorkflowExecutionRetentionTtl: durationpb.New(n.kept),
	}}, nil
}

// lone is a list of one run.
func lone(t *testing.T, id string) []*workflowpb.WorkflowExecutionInfo {
	t.Helper()
	return []*workflowpb.WorkflowExecutionInfo{runInfo(t, id, enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, nil)}
}
