package approver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/approvals/approvers"
	"concur-connector/cmd/concurctl/clitest"
)

func TestAnApproverIsAddedListedAndRevoked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "approvers.yaml")
	env := clitest.Settings{"CONCUR_APPROVERS": path}
	add := concurctl.Start(t, env, "", "approver", "add", "Anna Müller", "--login", "anna@example.com", "--group", "finance", "--group", "controllers")
	require.Zero(t, add.Code, add.Errs)
	require.Regexp(t, `^cca_[A-Za-z0-9_-]{43}\n$`, add.Out, "the token alone")
	require.Contains(t, add.Errs, "not shown again")
	token := strings.TrimSpace(add.Out)
	require.NotContains(t, add.Errs, token)
	a, err := approvers.Load(path)
	require.NoError(t, err)
	require.Equal(t, "Anna Müller", a.WithToken(token).Name)

	another := clitest.Read[added](t, concurctl.Start(t, env, "", "approver", "add", "Anna Müller", "-o", "json"))
	require.False(t, another.New)
	bob := concurctl.Start(t, env, "", "approver", "add", "Bob", "--no-token", "--oidc-subject", "0815")
	require.Zero(t, bob.Code, bob.Errs)
	require.Empty(t, bob.Out)
	require.Contains(t, bob.Errs, "They may decide nothing until you add one with --login")

	until := time.Now().AddDate(0, 1, 0).Format(time.DateOnly)
	require.Zero(t, concurctl.Start(t, env, "", "approver", "delegate", "--from", "Anna Müller", "--to", "Bob", "--until", until).Code)
	shown := concurctl.Start(t, env, "", "approver", "list")
	require.Zero(t, shown.Code, shown.Errs)
	for _, word := range []string{"Anna Müller", "anna@example.com", "finance, controllers", another.SHA256[:8] + " of ", "in force", "signs in by OpenID Connect"} {
		require.Contains(t, shown.Out, word)
	}
	require.NotContains(t, shown.Out, token)

	require.Zero(t, concurctl.Start(t, env, "", "approver", "revoke", "Anna Müller", "--token", another.SHA256[:8]).Code)
	require.Zero(t, concurctl.Start(t, env, "", "approver", "delegate", "--from", "Anna Müller", "--to", "Bob", "--end").Code)
	all := clitest.Read[listed](t, concurctl.Start(t, env, "", "approver", "list", "-o", "json"))
	require.Len(t, all.Approvers[0].Tokens, 1)
	require.Empty(t, all.Delegations)
	require.Zero(t, concurctl.Start(t, env, "", "approver", "revoke", "Anna Müller").Code)
	a, err = approvers.Load(path)
	require.NoError(t, err)
	require.Nil(t, a.WithToken(token))
}

func TestADelegationIsListedWithItsState(t *testing.T) {
	t.Parallel()
	a, err := approvers.Parse("f", []byte(`
approvers: [{name: A}, {name: B, submitsReports: false}]
delegations:
  - {from: A, to: B, until: 2026-11-29}
  - {from: A, to: B, until: 2026-11-30}
  - {from: A, to: B, since: 2026-12-01, until: 2026-12-24}
`))
	require.NoError(t, err)
	var states []string
	for _, d := range list(a, time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)).Delegations {
		states = append(states, d.State)
	}
	require.Equal(t, []string{expired, inForce, notYet}, states)
}

func TestACommandThatCannotWorkSaysWhy(t *testing.T) {
	t.Parallel()
	path := clitest.File(t, "approvers.yaml", "approvers: [{name: Anna}, {name: Bob}]\n")
	old := clitest.File(t, "old", "anna:sha256:"+strings.Repeat("a", 64)+"\n")
	for line, says := range map[string]string{
		"add":                           "wants the NAME",
		"add Kim":                       "CONCUR_APPROVERS is required",
		"list":                          "CONCUR_APPROVERS is required",
		"list --file /nowhere/x":        "no such file",
		"list --file " + old:            "no longer read",
		"add Kim --file " + old:         "no longer read",
		"add Kim --file /nowhere/x":     "no such file",
		"revoke Kim --file " + path:     `no approver called "Kim"`,
		"delegate --file " + path:       "name both approvers",
		"delegate --from Anna --to Bob": "say when the delegation ends",
		"delegate --from A --to B --end --until 2026-12-24":                         "--end takes neither",
		"delegate --from Anna --to Bob --until 1999-12-31 --file x":                 "--until 1999-12-31 has passed",
		"delegate --from Anna --to Bob --until soon --file " + path:                 `--until "soon" is neither a date`,
		"delegate --from Anna --to Anna --until 2999-12-31 --file " + path:          "must be to somebody else",
		"delegate --from Anna --to Bob --since x --until 2999-12-31 --file " + path: `--since "x" is neither a date`,
		"delegate --from Anna --to Bob --end --file " + path:                        "there is no delegation",
		"revoke Anna --token ff --file " + path:                                     "0 tokens",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			ended := concurctl.Start(t, nil, "", append([]string{"approver"}, strings.Fields(line)...)...)
			require.Equal(t, 1, ended.Code)
			require.Empty(t, ended.Out)
			require.Contains(t, ended.Errs, says)
		})
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "approvers: [{name: Anna}, {name: Bob}]\n", string(text))
}

func TestASealKeyCanBeUsed(t *testing.T) {
	t.Parallel()
	key := concurctl.Run(t, "", "approver", "seal-key")
	require.Zero(t, key.Code)
	_, err := approvers.ParseSealKeys("f", []byte(key.Out))
	require.NoError(t, err)
	require.NotEqual(t, key.Out, concurctl.Run(t, "", "approver", "seal-key").Out)
}
