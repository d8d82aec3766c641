package runs

import (
	"net/http"
	"strings"
	"testing"

	"concur-connector/cmd/concurctl/clitest"
	"concur-connector/cmd/concurctl/decode"

	"github.com/stretchr/testify/require"
)

func TestTheFailedListIsPrinted(t *testing.T) {
	t.Parallel()
	c := clitest.NewConcur(t)
	ended := concurctl.Start(t, c.Env, "", "failed-notifications", "list", "--use-refresh-token")
	require.Zero(t, ended.Code, ended.Errs)
	require.Equal(t, "the failed list is empty\n", ended.Out)

	c.Change(func() { c.List = clitest.FailedListXML })
	ended = concurctl.Start(t, c.Env, "", "failed-notifications", "list", "--use-refresh-token")
	require.Zero(t, ended.Code, ended.Errs)
	require.Equal(t, `NOTIFICATION                          EVENT                ENTRY
EXPRPT:nK$p1                          2026-03-01T08:00:00  `+clitest.EntryURI+`nA$p1
(cannot be understood: no ObjectURI)                       `+clitest.EntryURI+`nB$p1
`, ended.Out)

	list := clitest.Read[decode.FailedList](t, concurctl.Start(t, c.Env, "", "failed-notifications", "list", "--use-refresh-token", "-o", "json"))
	require.Equal(t, "EXPRPT:nK$p1", list.Notifications[0].ID)
	require.Equal(t, "no ObjectURI", list.Strange[0].Reason)
}

func TestNothingIsDeletedWhereNothingIsWritten(t *testing.T) {
	t.Parallel()
	c := clitest.NewConcur(t)
	c.Env["CONCUR_WRITES"] = "dry-run"
	ended := concurctl.Start(t, c.Env, "", "failed-notifications", "delete", "--use-refresh-token", "--yes", clitest.EntryURI+"nA$p1")
	require.Equal(t, 1, ended.Code)
	require.Contains(t, ended.Errs, "nothing was deleted: CONCUR_WRITES is dry-run here")
	require.Empty(t, c.Gone())
}

func TestAFailedListThatCannotBeHadSaysWhy(t *testing.T) {
	t.Parallel()
	c := clitest.NewConcur(t)
	c.Change(func() { c.Status, c.List = http.StatusForbidden, "" })
	ended := concurctl.Start(t, c.Env, "", "failed-notifications", "list", "--use-refresh-token")
	require.Equal(t, 1, ended.Code)
	require.Contains(t, ended.Errs, "concurctl: list failed notifications: Forbidden (HTTP 403")
	require.Contains(t, ended.Errs, "the scope NOTIF")
	for _, secret := range []string{clitest.ClientSecret, clitest.RefreshToken, clitest.AccessToken} {
		require.NotContains(t, ended.Errs, secret)
	}
	c.Env["CONCUR_CLIENT_SECRET"] = ""
	ended = concurctl.Start(t, c.Env, "", "failed-notifications", "list", "--use-refresh-token")
	require.Equal(t, 1, ended.Code)
	require.Contains(t, ended.Errs, "the configuration cannot be used: CONCUR_CLIENT_SECRET is required")
	require.NotContains(t, ended.Errs, "CONCUR_RULES", "the rules are not needed for this")
}

func TestEntriesAreDeletedOnlyWhenThatIsMeant(t *testing.T) {
	t.Parallel()
	c := clitest.NewConcur(t)
	ended := concurctl.Start(t, c.Env, "", "failed-notifications", "delete", "--use-refresh-token", clitest.EntryURI+"one", clitest.EntryURI+"two")
	require.Equal(t, 1, ended.Code)
	require.Contains(t, ended.Errs, "2 entries would be deleted, and Concur cannot bring any back: say --yes")
	require.Empty(t, c.Gone())

	ended = concurctl.Start(t, c.Env, "", "failed-notifications", "delete", "--use-refresh-token", "--yes", clitest.EntryURI+"one", "https://evil.example"+clitest.ListPath+"/two")
	require.Equal(t, 1, ended.Code)
	require.Contains(t, ended.Errs, "nothing was deleted: ")
	require.Contains(t, ended.Errs, `names the host "evil.example"`)
	require.Empty(t, c.Gone())

	c.Change(func() { c.List = strings.ReplaceAll(clitest.FailedListXML, "nA$p1", "stuck") })
	ended = concurctl.Start(t, c.Env, "", "failed-notifications", "delete", "--use-refresh-token", "--yes", clitest.EntryURI+"stuck", clitest.EntryURI+"gone", clitest.EntryURI+"one", "-o", "json")
	require.Equal(t, 1, ended.Code)
	require.Contains(t, ended.Errs, "1 entry could not be deleted: delete notification: Forbidden")
	result := clitest.Read[deleted](t, ended)
	require.Equal(t, []string{clitest.EntryURI + "gone", clitest.EntryURI + "one"}, result.Deleted)
	require.Equal(t, clitest.EntryURI+"stuck", result.Failed[0].ID)
	require.Equal(t, []string{clitest.ListPath + "/one"}, c.Gone())

	c.Change(func() { c.List = clitest.EmptyList }) // it is refused because it is gone
	ended = concurctl.Start(t, c.Env, "", "failed-notifications", "delete", "--use-refresh-token", "--yes", clitest.EntryURI+"stuck")
	require.Zero(t, ended.Code, ended.Errs)

	ended = concurctl.Start(t, c.Env, "", "failed-notifications", "delete", "--use-refresh-token", "--yes", clitest.EntryURI+"two")
	require.Zero(t, ended.Code, ended.Errs)
	require.Equal(t, "1 deleted, 0 failed\n", ended.Out)
}
