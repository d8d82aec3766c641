package concur_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

func TestHostileURLs(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newTrap(t)
	s := newServer(t, func(http.ResponseWriter, *http.Request) {})
	client := s.client(t)
	for field, use := range map[string]struct {
		path string
		call func(string) error
	}{
		concur.ObjectURI: {reportPath + reportKey, func(raw string) error {
			_, err := client.ReadReport(ctx, raw, concur.ReadOptions{})
			return err
		}},
		concur.ActionURL: {"/api/expense/expensereport/v1.1/report/nStep/WorkFlowAction", func(raw string) error {
			return client.TakeActionV1(ctx, raw, expense.Approve, "")
		}},
		concur.NotificationURI: {"/api/platform/notifications/v1.0/notification/nEntry", func(raw string) error {
			return client.DeleteNotification(ctx, raw)
		}},
	} {
		require.ErrorIs(t, use.call(""), concur.InvalidArgument, field)
		require.ErrorIs(t, client.CheckURL(field, ""), concur.InvalidArgument, field)
		for name, raw := range hostileURLs(s, p, use.path) {
			t.Run(field+": "+name, func(t *testing.T) {
				err := use.call(raw)
				require.ErrorIs(t, err, concur.Untrusted)
				require.ErrorContains(t, err, field)
				require.NotContains(t, err.Error(), "nEntry")
				require.NotContains(t, err.Error(), "nKey")
				require.NotContains(t, err.Error(), "hush")
				require.ErrorIs(t, client.CheckURL(field, raw), concur.Untrusted)
			})
		}
		require.NoError(t, client.CheckURL(field, "http://www.concursolutions.com"+use.path))
		require.NoError(t, client.CheckURL(field, "HTTPS://WWW.CONCURSOLUTIONS.COM:443"+strings.ToUpper(use.path)+"//$%zz/?x=@"))
	}
	require.ErrorIs(t, client.CheckURL("ReceiptImageUrl", objectURI), concur.InvalidArgument)
	require.ErrorIs(t, client.CheckURL(concur.NotificationURI, objectURI), concur.Untrusted)
	require.ErrorIs(t, client.CheckURL(concur.ObjectURI, entryURI), concur.Untrusted)

	for _, key := range []string{"", "a/b", "../x", "..", "%2e%2E", "a%2fb", `a\b`, "a?b", "a#b", "a b", "a\r\nb", "é", "a@b", strings.Repeat("x", 201)} {
		_, err := client.PostExceptionsV1(ctx, key, []expense.Exception{{ObjectType: expense.OnReport, Code: "LATE"}})
		require.ErrorIs(t, err, concur.InvalidArgument, key)
	}
	requests, tokens := s.count()
	require.Zero(t, requests+tokens, "nothing was sent to Concur either")
	p.sawNothing(t)
}

// The next page is named inside an answer, so there is one request before it.
func TestHostileNextPages(t *testing.T) {
	t.Parallel()
	const list = "/api/v3.0/expense/reports"
	p := newTrap(t)
	next := ""
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		page, _ := json.Marshal(map[string]any{"Items": []any{}, "NextPage": next})
		answering(200, "application/json", string(page))(w, nil)
	})
	client := s.client(t)
	for name, raw := range hostileURLs(s, p, list) {
		if raw == strings.TrimSpace(raw) { // a space around it is none of the URL's
			t.Run(name, func(t *testing.T) {
				next = raw
				page, err := client.PendingReports(context.Background(), "", func(concur.PendingReport, error) error { return nil })
				require.Empty(t, page)
				require.ErrorIs(t, err, concur.Untrusted)
				require.ErrorContains(t, err, concur.NextPage)
				require.NotContains(t, err.Error(), "hush")
				require.ErrorIs(t, client.CheckURL(concur.NextPage, raw), concur.Untrusted)
			})
		}
	}
	for _, page := range []string{"#x", `\`, " ", "a b", "a\r\nX: y", "é", "\x00"} {
		_, err := client.PendingReports(context.Background(), page, func(concur.PendingReport, error) error { return nil })
		require.ErrorIs(t, err, concur.InvalidArgument, page)
	}
	for _, r := range s.requests {
		require.Equal(t, list+"?approvalStatusCode=A_EXTV&user=ALL&limit=100&isTestUser=false", r.RequestURI, "the first page and no other")
	}
	require.Greater(t, len(s.requests), 60)
	p.sawNothing(t)
}

// Concur prints some URLs in clear. Their host may be on the allow-list, and listen.
func TestAURLInClearIsCalledWithTLS(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newTrap(t)
	for name, c := range map[string]struct {
		path, answer string
		call         func(c *concur.Client, raw string) error
	}{
		"an object": {reportPath + reportKey, reportXML, func(c *concur.Client, raw string) error {
			_, err := c.ReadReport(ctx, raw, concur.ReadOptions{})
			return err
		}},
		"an action": {"/api/expense/expensereport/v1.1/report/nStep/WorkFlowAction", successXML, func(c *concur.Client, raw string) error {
			return c.TakeActionV1(ctx, raw, expense.Approve, "")
		}},
		"a notification": {"/api/platform/notifications/v1.0/notification/nEntry", "", func(c *concur.Client, raw string) error {
			return c.DeleteNotification(ctx, raw)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, answering(200, "application/xml", c.answer))
			inClear := strings.TrimPrefix(p.clear.URL, "http://")
			client := s.client(t, func(o *concur.Options) { o.TrustedHosts = append(o.TrustedHosts, inClear, p.host()) })
			require.NoError(t, c.call(client, "http://"+inClear+c.path))
			require.NoError(t, c.call(client, "HTTPS://"+p.host()+c.path), "the token is for one host alone")
			require.Len(t, s.requests, 2)
			for _, r := range s.requests {
				require.NotNil(t, r.TLS)
				require.Equal(t, c.path, r.RequestURI)
				require.Equal(t, s.host(), r.Host)
				require.Equal(t, "Bearer "+s.valid, r.Header.Get("Authorization"))
			}
		})
	}
	p.sawNothing(t)
}

// Nobody asks for what stands in the other URLs of a payload.
func TestOtherURLsOfAPayloadAreNotCalled(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newTrap(t)
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v3.0/expense/reports" {
			answering(200, "application/json", `{"Items": [{"ID": "R1", "ApprovalStatusCode": "A_EXTV", "URI": "`+p.clear.URL+`", "WorkflowActionUrl": "`+p.tls.URL+`"}]}`)(w, r)
			return
		}
		answering(200, "application/xml", strings.Replace(reportXML, "<ApsKey>", "<ReceiptImageUrl>"+p.tls.URL+"/getImage</ReceiptImageUrl><ApsKey>", 1))(w, r)
	})
	client := s.client(t)
	read, err := client.ReadReport(ctx, objectURI, concur.ReadOptions{Full: true, Parts: expense.AllParts})
	require.NoError(t, err)
	stored, err := json.Marshal(read.Report)
	require.NoError(t, err)
	require.NotContains(t, string(stored), "getImage")
	_, err = client.PendingReports(ctx, "", func(concur.PendingReport, error) error { return nil })
	require.NoError(t, err)
	p.sawNothing(t)
}
