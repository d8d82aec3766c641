package wire_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
)

// The tests named TestTrapsOf… feed the traps of docs/traps.md that lie in payloads.
// Where a naive reader is one line of the standard library, they show that it is caught.

func TestTrapsOfACallout(t *testing.T) {
	t.Parallel()
	t.Run("its URI need not be one for net/url", func(t *testing.T) {
		t.Parallel()
		uri := strings.Join([]string{"https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails", "9%Qab$p%Z"}, "/") // not constant: a linter would refuse it, too
		_, err := url.Parse(uri)
		require.Error(t, err)
		n, err := wire.DecodeNotification([]byte(callout("<ObjectURI>" + uri + "</ObjectURI>")))
		require.NoError(t, err)
		require.Equal(t, "EXPRPT:9%Qab$p%Z", n.ID())
		require.Equal(t, uri, n.ObjectURI)
	})
	t.Run("its event type and object type say nothing that counts", func(t *testing.T) {
		t.Parallel()
		for _, words := range []string{
			"Report Entered Expense Report Workflow Step - SUBMIT", "Report Entered Expense Report Workflow Step - REPORT SUBMITTED",
			"Bericht im Schritt „Prüfung“", "TRAVELREQ", "", "&lt;script>",
		} {
			n, err := wire.DecodeNotification([]byte(callout("<EventType>" + words + "</EventType><ObjectType>TRAVELREQ</ObjectType>" + withURI)))
			require.NoError(t, err, words)
			require.Equal(t, "EXPRPT:nKey$p1", n.ID(), words)
		}
	})
	t.Run("its date may be of any form, and says no zone", func(t *testing.T) {
		t.Parallel()
		for _, date := range []string{"2026-05-01", "2026-05-01:14:15:36", "2026-05-01T14:15:36", "05/01/2026", "soon", ""} {
			n, err := wire.DecodeNotification([]byte(callout(withURI + "<EventDateTime>" + date + "</EventDateTime>")))
			require.NoError(t, err, date)
			require.Equal(t, date, n.EventDateTime, "it is kept as it was sent")
		}
	})
	t.Run("two of one day are the same bytes and the same notification", func(t *testing.T) {
		t.Parallel()
		body := []byte(callout(withURI + "<EventDateTime>2026-05-01</EventDateTime>"))
		first, err := wire.DecodeNotification(body)
		require.NoError(t, err)
		second, err := wire.DecodeNotification(body)
		require.NoError(t, err)
		require.Equal(t, first, second)
		require.NotContains(t, first.ID(), "2026", "the date is not in the ID")
	})
	t.Run("a raw ampersand is refused and nothing is guessed", func(t *testing.T) {
		t.Parallel()
		_, err := wire.DecodeNotification([]byte(callout(withURI + "<EventType>Submitted & Pending</EventType>")))
		require.ErrorContains(t, err, "not well-formed XML")
	})
}

func TestTrapsOfTheFailedList(t *testing.T) {
	t.Parallel()
	list := func(t *testing.T, body string) []wire.FailedItem {
		t.Helper()
		items, err := failedItems(strings.NewReader(body))
		require.NoError(t, err)
		return items
	}
	t.Run("the link has three names", func(t *testing.T) {
		t.Parallel()
		for _, name := range []string{"NotificationURI", "NotificationURL", "NotificationUrl"} {
			for _, body := range []string{
				"<NotificationList><Notification>" + withURI + "<" + name + ">" + entryURI + "a</" + name + "></Notification></NotificationList>",
				`[{"ObjectURI":"` + reportURI + `","` + name + `":"` + entryURI + `a"}]`,
			} {
				items := list(t, body)
				require.Len(t, items, 1)
				require.Empty(t, items[0].Reason, body)
				require.Equal(t, entryURI+"a", items[0].Notification.NotificationURI, body)
			}
		}
	})
	t.Run("the list has two names, and an empty one has no children", func(t *testing.T) {
		t.Parallel()
		for _, root := range []string{"NotificationList", "NotificationsList"} {
			require.Empty(t, list(t, `<`+root+` xmlns="http://www.concursolutions.com/api/notification/2012/06" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"/>`))
			require.Len(t, list(t, "<"+root+"><Notification><Failure>"+withURI+"<NotificationURL>"+entryURI+"a</NotificationURL></Failure></Notification></"+root+">"), 1)
		}
	})
	t.Run("in JSON it is a bare array", func(t *testing.T) {
		t.Parallel()
		const body = `[{"Context":null,"NotificationURI":"` + entryURI + `a","ObjectType":"EXPRPT","ObjectURI":"` + reportURI + `"}]`
		var naive struct{ NotificationList []any }
		require.Error(t, json.Unmarshal([]byte(body), &naive))
		require.Len(t, list(t, body), 1)
	})
}
