package clients_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/approvals/approvers"
	"concur-connector/internal/clients"
)

func TestTheMembersOfAGroupAndThoseWhoDecideForThemAreTold(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "approvers.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`approvers:
  - {name: Anna, logins: [anna@example.com], groups: [finance]}
  - {name: Bob, logins: [bob, bob@example.com], groups: [controllers]}
  - {name: Cleo, logins: [cleo@example.com]}
  - {name: Dan, logins: [dan@example.com]}
delegations:
  - {from: Anna, to: Cleo, until: 2999-12-31}
  - {from: Cleo, to: Dan, until: 2999-12-31}
  - {from: Bob, to: Dan, until: 2001-12-31}
`), 0o600))
	file, err := approvers.Watch(path, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	names := func(group string) (all []string) {
		for _, p := range (clients.Members{File: file}).Members(group) {
			all = append(all, p.Name)
		}
		return all
	}
	require.Equal(t, []string{"Anna", "Cleo"}, names("finance"), "a delegation is not passed on")
	require.Equal(t, []string{"Bob"}, names("controllers"), "a delegation ends")
	require.Equal(t, []string{"Anna", "Bob", "Cleo", "Dan"}, names(""))
	require.Empty(t, names("others"))
}
