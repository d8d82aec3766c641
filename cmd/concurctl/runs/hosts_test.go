package runs

import (
	"strings"
	"testing"
	"time"

	"concur-connector/cmd/concurctl/clitest"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/timestamppb"

	"concur-connector/expense"
	"concur-connector/workflows"
)

// refusedRun is a run that is parked because its notification named a host.
func refusedRun(t *testing.T, id, host string, started time.Time) *workflowpb.WorkflowExecutionInfo {
	t.Helper()
	info := clitest.RunInfo(t, id, open, map[string]string{"ConcurWaitingFor": "operator"})
	info.StartTime = timestamppb.New(started)
	p, err := converter.GetDefaultDataConverter().ToPayload(expense.RefusedHost{Host: host, AllowList: "x"})
	require.NoError(t, err)
	info.Memo = &commonpb.Memo{Fields: map[string]*commonpb.Payload{workflows.RefusedHostMemo: p}}
	return info
}

func TestHostsAreListedWithTheirRunsTheMostFirst(t *testing.T) {
	t.Parallel()
	d, m := clitest.Deployment(t)
	lists(m, refusedRun(t, "EXPRPT:a", "one.example", later), refusedRun(t, "EXPRPT:b", "evil.example", later),
		refusedRun(t, "EXPRPT:c", "evil.example", long), clitest.RunInfo(t, "EXPRPT:d", open, nil), refusedRun(t, "EXPRPT:e", "", long))
	parked, err := findParked(t.Context(), d)
	require.NoError(t, err)
	hosts := hostsOf(parked)
	require.Equal(t, []refusedHost{{"evil.example", 2, long, later}, {"one.example", 1, later, later}}, hosts)
	var text strings.Builder
	printHosts(&text, hosts)
	require.Equal(t, `HOST          RUNS  FIRST                 LAST
evil.example  2     2026-03-01 08:00 UTC  2026-03-01 09:00 UTC
one.example   1     2026-03-01 09:00 UTC  2026-03-01 09:00 UTC
`, text.String())
	require.Empty(t, hostsOf(nil))
}

func TestOnlyRunsThatAreStillParkedForTheHostAreCancelled(t *testing.T) {
	t.Parallel()
	d, m := clitest.Deployment(t)
	cancels := func(id string, err error) { m.On("CancelWorkflow", mock.Anything, id, "").Return(err).Once() }
	describes(m, refusedRun(t, "EXPRPT:a", "evil.example", long))
	describes(m, refusedRun(t, "EXPRPT:raced", "evil.example", long))
	describes(m, refusedRun(t, "EXPRPT:away", "evil.example", long))
	describes(m, refusedRun(t, "EXPRPT:other", "one.example", long))
	going := refusedRun(t, "EXPRPT:going", "evil.example", long)
	delete(going.SearchAttributes.IndexedFields, "ConcurWaitingFor")
	describes(m, going)
	ended := refusedRun(t, "EXPRPT:ended", "evil.example", long)
	ended.Status = closed
	describes(m, ended)
	m.On("DescribeWorkflowExecution", mock.Anything, "EXPRPT:never", "").Return(nil, clitest.ErrNotFound).Once()
	cancels("EXPRPT:a", nil)
	cancels("EXPRPT:raced", clitest.ErrNotFound)
	cancels("EXPRPT:away", clitest.ErrUnavailable)

	c := &cancelled{Host: "evil.example", Found: []string{
		"EXPRPT:a", "EXPRPT:raced", "EXPRPT:away", "EXPRPT:other", "EXPRPT:going", "EXPRPT:ended", "EXPRPT:never",
	}}
	require.NoError(t, c.cancel(t.Context(), d, time.Microsecond, clitest.Silent()))
	require.Equal(t, []string{"EXPRPT:a"}, c.Cancelled)
	require.Equal(t, []string{"EXPRPT:raced", "EXPRPT:other", "EXPRPT:going", "EXPRPT:ended", "EXPRPT:never"}, c.Left)
	require.EqualError(t, c.err(), "1 run could not be cancelled: no frontend")
	var text strings.Builder
	c.print(&text)
	require.Contains(t, text.String(), "failed      EXPRPT:away: no frontend\n")
	require.Contains(t, text.String(), "\n1 cancelled, 5 skipped, 1 failed\n")
}

func TestWithoutConfirmationRunsAreOnlyListed(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	(&cancelled{Host: "evil.example", Found: []string{"EXPRPT:a", "EXPRPT:b"}}).print(&text)
	require.Equal(t, "EXPRPT:a\nEXPRPT:b\n2 runs would be cancelled; add --yes to cancel them\n", text.String())
	text.Reset()
	(&cancelled{Host: "evil.example"}).print(&text)
	require.Equal(t, "no run is parked because of the host evil.example\n", text.String())
}
