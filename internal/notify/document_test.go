package notify_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/internal/notify"
)

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/notifications.md")
	require.NoError(t, err)
	return string(text)
}

func TestTheDocumentedFileIsValid(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	_, text, found := strings.Cut(page(t), "```yaml\napiVersion: concur-connector/v1\n")
	require.True(t, found)
	text, _, _ = strings.Cut(text, "```")
	text = strings.ReplaceAll(text, "/run/secrets/", "")
	f.hosts = []string{"smtp.example.com:587", "hooks.slack.com", "teams.example.com", "erp.example.com"}
	f.write(t, "smtp-password", "pass word")
	f.write(t, "slack-finance", "https://hooks.slack.com/services/T/B/x\n")
	f.write(t, "teams-finance", "https://teams.example.com/workflows/1?sig=x\n")
	f.write(t, "erp-webhook", secret)
	_, block, found := strings.Cut(page(t), "```\n{{define")
	require.True(t, found)
	block, _, _ = strings.Cut(block, "```")
	f.write(t, "templates/message.en.txt", "{{define"+block)
	n := f.notifier(t, text, groups{})
	names, err := n.Channels()
	require.NoError(t, err)
	require.Equal(t, []string{"erp", "finance-slack", "finance-teams", "mail"}, names)
}

func TestTheDocumentNamesEveryValueOfATemplate(t *testing.T) {
	t.Parallel()
	for _, of := range []reflect.Type{reflect.TypeFor[notify.Data](), reflect.TypeFor[notify.Line](), reflect.TypeFor[notify.Field]()} {
		for i := range of.NumField() {
			require.Contains(t, page(t), "`."+of.Field(i).Name+"`")
		}
	}
}

func TestTheDocumentedWebhookIsWhatIsSent(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	r := newReceiver(t, f, nil)
	n := f.notifier(t, webhooks(f, t, r, "fields: report.total\n"), nil, func(o *notify.Options) { o.ApprovalsURL = "https://approvals.example.com" })
	in := news()
	in.Fields = total()
	require.NoError(t, sends(t, n, in))
	_, body := r.last()
	_, text, found := strings.Cut(page(t), "```json\n")
	require.True(t, found)
	text, _, _ = strings.Cut(text, "```")
	require.JSONEq(t, text, string(body))
}
