package setup

import (
	"errors"
	"strings"
	"testing"
	"time"

	"concur-connector/cmd/concurctl/clitest"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
)

const keyword = enumspb.INDEXED_VALUE_TYPE_KEYWORD

type kinds = map[string]enumspb.IndexedValueType

func TestBootstrapCreatesWhatIsMissingAndWaitsUntilItCanBeUsed(t *testing.T) {
	t.Parallel()
	d, m := clitest.Deployment(t)
	o := &clitest.Operator{Attributes: kinds{"ConcurReportID": keyword, "Own": enumspb.INDEXED_VALUE_TYPE_INT}, Late: 1}
	m.On("OperatorService").Return(o)
	m.On("CountWorkflow", mock.Anything, mock.Anything).Return(nil, errors.New("unknown search attribute")).Once()
	m.On("CountWorkflow", mock.Anything, mock.MatchedBy(func(r *workflowservice.CountWorkflowExecutionsRequest) bool {
		return r.Namespace == "finance" && r.Query == "ConcurReportID = 'none' OR ConcurWaitingFor = 'none' OR ConcurOutcome = 'none'"
	})).Return(&workflowservice.CountWorkflowExecutionsResponse{}, nil).Once()
	result, err := bootstrap(t.Context(), d, time.Minute, clitest.Silent())
	require.NoError(t, err)
	require.Equal(t, kinds{"ConcurWaitingFor": keyword, "ConcurOutcome": keyword}, o.Added)
	require.Equal(t, bootstrapped{Namespace: "finance", Created: []string{"ConcurWaitingFor", "ConcurOutcome"}, Known: []string{"ConcurReportID"}}, result)
	var text strings.Builder
	result.Schedule, result.Sweep = "sweep-own", "act"
	result.print(&text)
	require.Equal(t, "ConcurReportID is there\nConcurWaitingFor created\nConcurOutcome created\nthe search attributes can be used in namespace finance\n"+
		"the schedule sweep-own is as configured (act)\n", text.String())
	text.Reset()
	result.Sweep = "off"
	result.print(&text)
	require.Contains(t, text.String(), "the schedule sweep-own is not wanted")
}

func TestASecondBootstrapCreatesNothing(t *testing.T) {
	t.Parallel()
	d, m := clitest.Deployment(t)
	o := &clitest.Operator{Attributes: kinds{"ConcurReportID": keyword, "ConcurWaitingFor": keyword, "ConcurOutcome": keyword}, Adds: errors.New("called")}
	m.On("OperatorService").Return(o)
	m.On("CountWorkflow", mock.Anything, mock.Anything).Return(&workflowservice.CountWorkflowExecutionsResponse{}, nil).Once()
	result, err := bootstrap(t.Context(), d, time.Minute, clitest.Silent())
	require.NoError(t, err)
	require.Empty(t, result.Created)
}

func TestABootstrapThatCannotBeSaysWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operator clitest.Operator
		says     string
	}{
		"an attribute of another type": {clitest.Operator{Attributes: kinds{"ConcurOutcome": enumspb.INDEXED_VALUE_TYPE_TEXT}},
			"ConcurOutcome is a Text in namespace finance and must be a Keyword; remove it with temporal operator search-attribute remove --namespace finance --name ConcurOutcome"},
		"no right to look":   {clitest.Operator{Lists: serviceerror.NewPermissionDenied("not yours", "")}, "bootstrap --print prints"},
		"no such service":    {clitest.Operator{Lists: serviceerror.NewUnimplemented("not here")}, "bootstrap --print prints"},
		"no right to create": {clitest.Operator{Adds: serviceerror.NewPermissionDenied("not yours", "")}, "create the search attributes: not yours; "},
		"no Temporal":        {clitest.Operator{Lists: clitest.ErrUnavailable}, "list the search attributes: no frontend"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, m := clitest.Deployment(t)
			m.On("OperatorService").Return(&c.operator)
			_, err := bootstrap(t.Context(), d, time.Minute, clitest.Silent())
			require.ErrorContains(t, err, c.says)
			require.Nil(t, c.operator.Added)
		})
	}
}

func TestAttributesThatNobodyCanUseYetAreSaid(t *testing.T) {
	t.Parallel()
	d, m := clitest.Deployment(t)
	m.On("OperatorService").Return(&clitest.Operator{Late: 1 << 30})
	_, err := bootstrap(t.Context(), d, 10*time.Millisecond, clitest.Silent())
	require.ErrorContains(t, err, "are created and cannot be used yet: ")
}

func TestTheCommandsOfBootstrapArePrintedWithoutTemporal(t *testing.T) {
	t.Parallel()
	env := clitest.Settings{"TEMPORAL_NAMESPACE": "finance.a1b2c"}
	ended := concurctl.Start(t, env, "", "bootstrap", "--print")
	require.Zero(t, ended.Code, ended.Errs)
	const schedule = "temporal schedule create --namespace finance.a1b2c --schedule-id sweep-concur-connector --workflow-id sweep-concur-connector" +
		" --type SweepFailedNotifications --task-queue concur-connector-sweep --interval 15m0s --jitter 1m30s --overlap-policy Skip --catchup-window 10m0s" +
		` --input '{"missedAfter":3600000000000}'` + "\n"
	require.Equal(t, `# your own Temporal
temporal operator search-attribute create --namespace finance.a1b2c --name ConcurReportID --type Keyword --name ConcurWaitingFor --type Keyword --name ConcurOutcome --type Keyword
`+schedule+`
# Temporal Cloud
tcld namespace search-attributes add --namespace finance.a1b2c --search-attribute "ConcurReportID=Keyword" --search-attribute "ConcurWaitingFor=Keyword" --search-attribute "ConcurOutcome=Keyword"
`+schedule, ended.Out)
	require.Len(t, clitest.Read[bootstrapCommands](t, concurctl.Start(t, env, "", "bootstrap", "--print", "-o", "json")).Cloud, 2)

	env["CONCUR_SWEEP_MODE"] = "off"
	require.Len(t, clitest.Read[bootstrapCommands](t, concurctl.Start(t, env, "", "bootstrap", "--print", "-o", "json")).Cloud, 1, "no schedule is wanted")
	env["CONCUR_SWEEP_MODE"], env["CONCUR_TASK_QUEUE"] = "read-only", "it's mine"
	ended = concurctl.Start(t, env, "", "bootstrap", "--print")
	require.Contains(t, ended.Out, `--schedule-id 'sweep-it'\''s mine'`)
	require.Contains(t, ended.Out, `"readOnly":true`)
	env["CONCUR_SWEEP_MODE"] = "sometimes"
	ended = concurctl.Start(t, env, "", "bootstrap", "--print")
	require.Equal(t, 1, ended.Code)
	require.Contains(t, ended.Errs, "CONCUR_SWEEP_MODE must be act, read-only or off")
}
