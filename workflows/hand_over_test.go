package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"google.golang.org/protobuf/types/known/timestamppb"

	"concur-connector/workflows"
)

func TestOlderRunChoosesTheRunThatKeepsTheReport(t *testing.T) {
	t.Parallel()
	const own, key, second = "EXPRPT:R1", "EXPRPT:key", "EXPRPT:second"
	at := time.Date(2026, 11, 3, 10, 0, 0, 0, time.UTC)
	open := func(id, reportID string, began time.Duration) *workflowpb.WorkflowExecutionInfo {
		info := &workflowpb.WorkflowExecutionInfo{Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: id}, FirstRunId: id,
			Status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, StartTime: timestamppb.New(at.Add(began))}
		if reportID != "" {
			payload, err := converter.GetDefaultDataConverter().ToPayload(reportID)
			require.NoError(t, err)
			info.SearchAttributes = &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{workflows.ReportIDAttribute: payload}}
		}
		return info
	}
	ended := open(own, "R1", 0)
	ended.Status = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	type runs = []*workflowpb.WorkflowExecutionInfo
	for name, c := range map[string]struct {
		self   string
		own    *workflowpb.WorkflowExecutionInfo // nil: there was none
		listed runs                              // with the report's ID, as Temporal lists them
		want   string
	}{
		"a callout's run, alone": {self: key, listed: runs{open(key, "R1", 0)}},
		"a callout's run, to the run under the report's ID, though younger": {self: key, own: open(own, "R1", time.Hour), listed: runs{open(key, "R1", 0)}, want: own},
		"a callout's run, not to one that has not read the report":          {self: key, own: open(own, "", -time.Hour), listed: runs{open(key, "R1", 0)}},
		"a callout's run, not to one that has ended":                        {self: key, own: ended, listed: runs{ended, open(key, "R1", 0)}},
		"a callout's run, to an older one of a callout":                     {self: key, listed: runs{open(key, "R1", 0), open(second, "R1", -time.Second)}, want: second},
		"a callout's run, not to a younger one of a callout":                {self: key, listed: runs{open(key, "R1", 0), open(second, "R1", time.Second)}},
		"the run under the report's ID, alone":                              {self: own, listed: runs{open(own, "R1", 0)}},
		"the run under the report's ID, to a callout's, though younger":     {self: own, listed: runs{open(own, "R1", 0), open(key, "R1", time.Hour)}, want: key},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mocks.NewClient(t)
			describe := m.On("DescribeWorkflowExecution", mock.Anything, own, "").Maybe()
			if c.own == nil {
				describe.Return(nil, errMissing)
			} else {
				describe.Return(&workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: c.own}, nil)
			}
			m.On("DescribeWorkflowExecution", mock.Anything, c.self, "r").
				Return(&workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: open(c.self, "R1", 0)}, nil).Maybe()
			m.On("ListWorkflow", mock.Anything, mock.Anything).Return(&workflowservice.ListWorkflowExecutionsResponse{Executions: c.listed}, nil).Maybe()
			got, err := workflows.NewClient(m, "own").OlderRun(t.Context(), "R1", c.self, "r")
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}
