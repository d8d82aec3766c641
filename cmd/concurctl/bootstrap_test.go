package main

import (
	"errors"
	"strings"
	"testing"
	"time"

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
	d, m := reached(t)
	o := &operator{attributes: kinds{"ConcurReportID": keyword, "Own": enumspb.INDEXED_VALUE_TYPE_INT}, late: 1}
	m.On("OperatorService").Return(o)
	m.On("CountWorkflow", mock.Anything, mock.Anything).Return(nil, errors.New("unknown search attribute")).Once()
	m.On("CountWorkflow", mock.Anything, mock.MatchedBy(func(r *workflowservice.CountWorkflowExecutionsRequest) bool {
		return r.Namespace == "finance" && r.Query == "ConcurReportID = 'none' OR ConcurWaitingFor = 'none' OR ConcurOutcome = 'none'"
	})).Return(&workflowservice.CountWorkflowExecutionsResponse{}, nil).Once()
	result, err := bootstrap(t.Context(), d, time.Minute, silent())
	require.NoError(t, err)
	require.Equal(t, kinds{"ConcurWaitingFor": keyword, "ConcurOutcome": keyword}, o.added)
	require.Equal(t, bootstrapped{Namespace: "finance", Created: []string{"ConcurWaitingFor", "ConcurOutcome"}, Known: []string{"ConcurReportID"}}, result)
	var text strings.Builder
	result.print(&text)
	require.Equal(t, "ConcurReportID is there\nConcurWaitingFor created\nConcurOutcome created\nthe search attributes can be used in namespace finance\n", text.String())
}

func TestASecondBootstrapCreatesNothing(t *testing.T) {
	t.Parallel()
	d, m := reached(t)
	o := &operator{attributes: kinds{"ConcurReportID": keyword, "ConcurWaitingFor": keyword, "ConcurOutcome": keyword}, adds: errors.New("called")}
	m.On("OperatorService").Return(o)
	m.On("CountWorkflow", mock.Anything, mock.Anything).Return(&workflowservice.CountWorkflowExecutionsResponse{}, nil).Once()
	result, err := bootstrap(t.Context(), d, time.Minute, silent())
	require.NoError(t, err)
	require.Empty(t, result.Created)
}

func TestABootstrapThatCannotBeSaysWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operator operator
		says     string
	}{
		"an attribute of another type": {operator{attributes: kinds{"ConcurOutcome": enumspb.INDEXED_VALUE_TYPE_TEXT}},
			"ConcurOutcome is a Text in namespace finance and must be a Keyword; remove it with temporal operator search-attribute remove --namespace finance --name ConcurOutcome"},
		"no right to look":   {operator{lists: serviceerror.NewPermissionDenied("not yours", "")}, "bootstrap --print prints"},
		"no such service":    {operator{lists: serviceerror.NewUnimplemented("not here")}, "bootstrap --print prints"},
		"no right to create": {operator{adds: serviceerror.NewPermissionDenied("not yours", "")}, "create the search attributes: not yours; "},
		"no Temporal":        {operator{lists: errAway}, "list the search attributes: no frontend"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, m := reached(t)
			m.On("OperatorService").Return(&c.operator)
			_, err := bootstrap(t.Context(), d, time.Minute, silent())
			require.ErrorContains(t, err, c.says)
			require.Nil(t, c.operator.added)
		})
	}
}

func TestAttributesThatNobodyCanUseYetAreSaid(t *testing.T) {
	t.Parallel()
	d, m := reached(t)
	m.On("OperatorService").Return(&operator{late: 1 << 30})
	_, err := bootstrap(t.Context(), d, 10*time.Millisecond, silent())
	require.ErrorContains(t, err, "are created and cannot be used yet: ")
}

func TestTheCommandsOfBootstrapArePrintedWithoutTemporal(t *testing.T) {
	t.Parallel()
	env := settings{"TEMPORAL_NAMESPACE": "finance.a1b2c"}
	ended := play(t, env, "", "bootstrap", "--print")
	require.Zero(t, ended.code, ended.errs)
	require.Equal(t, `# your own Temporal
temporal operator search-attribute create --namespace finance.a1b2c --name ConcurReportID --type Keyword --name ConcurWaitingFor --type Keyword --name ConcurOutcome --type Keyword

# Temporal Cloud
tcld namespace search-attributes add --namespace finance.a1b2c --search-attribute "ConcurReportID=Keyword" --search-attribute "ConcurWaitingFor=Keyword" --search-attribute "ConcurOutcome=Keyword"
`, ended.out)
	require.Len(t, read[bootstrapCommands](t, play(t, env, "", "bootstrap", "--print", "-o", "json")).Cloud, 1)
}
