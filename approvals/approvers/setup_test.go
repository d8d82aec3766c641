package approvers_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/approvals/approvers"
	"concur-connector/expense"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "approvers.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// digest is a digest that belongs to no token.
func digest(digit string) string { return strings.Repeat(digit, 64) }

const taskID = "EXPRPT:3%Rek29$ws/5f2c/1"

// noon is when decisions are made and received.
var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func keys(t *testing.T) *approvers.SealKeys {
	t.Helper()
	k, err := approvers.ParseSealKeys("keys", []byte(approvers.NewSealKey()))
	require.NoError(t, err)
	return k
}

func parse(t *testing.T, text string) *approvers.Approvers {
	t.Helper()
	a, err := approvers.Parse("approvers.yaml", []byte(text))
	require.NoError(t, err)
	return a
}

// byToken is a person of the file as the endpoint describes them.
func byToken(name string) *expense.Actor {
	return &expense.Actor{Name: name, IdentifiedBy: expense.ByToken}
}
