package concur_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/concur/wire"
	"concur-connector/expense"
)

func TestNew(t *testing.T) {
	t.Parallel()
	good := concur.Options{Geolocation: "https://us2.api.concursolutions.com", ClientID: "a", ClientSecret: "b", RefreshToken: "c"}
	t.Run("a geolocation is reduced to its host", func(t *testing.T) {
		t.Parallel()
		for _, geolocation := range []string{
			"https://us2.api.concursolutions.com/", "https://US2.api.concursolutions.com:443/oauth2/v0/token", "HTTPS://eu2.api.concursolutions.com",
		} {
			o := good
			o.Geolocation = geolocation
			_, err := concur.New(o)
			require.NoError(t, err, geolocation)
		}
	})
	for name, test := range map[string]struct {
		change func(*concur.Options)
		why    string
	}{
		"no client ID":                   {func(o *concur.Options) { o.ClientID = "" }, "the client ID is missing"},
		"no secret":                      {func(o *concur.Options) { o.ClientSecret = "" }, "the client secret is missing"},
		"no refresh token":               {func(o *concur.Options) { o.RefreshToken = "" }, "the refresh token is missing"},
		"a refresh token with a newline": {func(o *concur.Options) { o.RefreshToken = "hush\n" }, "the refresh token has a space"},
		"no geolocation":                 {func(o *concur.Options) { o.Geolocation = "" }, "the geolocation is empty"},
		"a geolocation in clear":         {func(o *concur.Options) { o.Geolocation = "http://us2.api.concursolutions.com" }, "not an https URL"},
		"a geolocation without scheme":   {func(o *concur.Options) { o.Geolocation = "us2.api.concursolutions.com" }, "not an absolute URL"},
		"a look-alike":                   {func(o *concur.Options) { o.Geolocation = "https://evilconcursolutions.com" }, "not on the allow-list"},
		"a subdomain":                    {func(o *concur.Options) { o.Geolocation = "https://x.us2.api.concursolutions.com" }, "not on the allow-list"},
		"an allowed URL":                 {func(o *concur.Options) { o.TrustedHosts = []string{"https://proxy"} }, "a host or host:port is expected"},
		"an allowed wildcard":            {func(o *concur.Options) { o.TrustedHosts = []string{"*.example.org"} }, "a host or host:port is expected"},
		"an allowed trailing dot":        {func(o *concur.Options) { o.TrustedHosts = []string{"example.org."} }, "dot"},
		"an allowed port of zero":        {func(o *concur.Options) { o.TrustedHosts = []string{"example.org:0"} }, "port"},
		"an empty allowed host":          {func(o *concur.Options) { o.TrustedHosts = []string{""} }, "is empty"},
		"a negative limit":               {func(o *concur.Options) { o.RequestTimeout = -time.Second }, "the answer limit is negative"},
		"a negative size":                {func(o *concur.Options) { o.MaxBody = -1 }, "the largest body is negative"},
		"a second secret with a space":   {func(o *concur.Options) { o.ClientSecret2 = "a b" }, "the second client secret has a space"},
		"a scheme of its own":            {func(o *concur.Options) { o.AuthScheme = "bearer" }, "neither Bearer nor OAuth"},
		"a negative warning time":        {func(o *concur.Options) { o.TokenWarning = -time.Second }, "the warning time of the refresh token is negative"},
		"a user agent of two lines":      {func(o *concur.Options) { o.UserAgent = "a\r\nb" }, "the user agent has"},
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			t.Parallel()
			o := good
			test.change(&o)
			_, err := concur.New(o)
			require.ErrorContains(t, err, test.why)
			require.NotContains(t, err.Error(), "hush")
		})
	}
	t.Run("everything that is wrong is said at once", func(t *testing.T) {
		t.Parallel()
		_, err := concur.New(concur.Options{})
		for _, why := range []string{"client ID", "client secret", "refresh token", "geolocation"} {
			require.ErrorContains(t, err, why)
		}
	})
}

func TestRequests(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	t.Run("a report is read from the geolocation, by the URI's path and query", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(200, "application/xml", reportXML))
		read, err := s.client(t).ReadReport(ctx, "http://WWW.concursolutions.com"+reportPath+reportKey+"?a=b%20c", concur.ReadOptions{Full: true, Parts: expense.AllParts})
		require.NoError(t, err)
		require.Equal(t, &expense.Report{ID: "R1", Status: "A_EXTV", Key: reportKey}, read.Report)
		r := s.requests[0]
		require.Equal(t, "GET", r.Method)
		require.Equal(t, reportPath+reportKey+"?a=b%20c", r.RequestURI)
		require.Equal(t, s.host(), r.Host)
		require.Equal(t, "application/xml", r.Header.Get("Accept"))
		require.Equal(t, "concur-connector", r.Header.Get("User-Agent"))
		require.Len(t, r.Header.Get("Concur-Correlationid"), 36)
	})
	t.Run("a report without a key gets the URI's", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(200, "application/xml", "<ReportDetails><ApsKey>A_EXTV</ApsKey><ReportTotal>0</ReportTotal></ReportDetails>"))
		read, err := s.client(t).ReadReport(ctx, objectURI, concur.ReadOptions{Full: true, Parts: expense.AllParts})
		require.NoError(t, err)
		require.Equal(t, reportKey, read.Report.Key)
	})
	t.Run("a report without a status cannot be read, and does not wait elsewhere", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(200, "application/xml", "<ReportDetails><ApvStatusName>Pending External Validation</ApvStatusName></ReportDetails>"))
		_, err := s.client(t).ReadReport(ctx, objectURI, concur.ReadOptions{})
		require.ErrorIs(t, err, concur.Malformed)
	})
	t.Run("exceptions are posted under the key as it is", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(200, "application/xml", "<exception-result><exceptions-succeeded>1</exceptions-succeeded><exceptions-failed>1</exceptions-failed>"+
			"<errors><error><Index>2</Index><message>unknown code</message></error></errors></exception-result>"))
		exceptions := []expense.Exception{{ObjectType: expense.OnReport, Code: "LATE"}, {ObjectType: expense.OnEntry, ObjectID: "nE", Code: "NOSUCH"}}
		results, err := s.client(t).PostExceptionsV1(ctx, reportKey, exceptions)
		require.NoError(t, err)
		require.Equal(t, []wire.ItemResult{{OK: true}, {Message: "unknown code"}}, results)
		r := s.requests[0]
		require.Equal(t, "POST", r.Method)
		require.Equal(t, "/api/expense/expensereport/v1.1/report/nKey$p1/Exceptions", r.RequestURI)
		require.Equal(t, "application/xml", r.Header.Get("Content-Type"))
		require.Equal(t, string(wire.EncodeExceptions(exceptions)), s.bodies[0])
		require.Equal(t, int64(len(s.bodies[0])), r.ContentLength)
		require.Empty(t, r.TransferEncoding, "Concur refuses chunks")
	})
	t.Run("without exceptions nothing is sent", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, nil)
		results, err := s.client(t).PostExceptionsV1(ctx, reportKey, nil)
		require.NoError(t, err)
		require.Empty(t, results)
		requests, tokens := s.count()
		require.Zero(t, requests+tokens)
	})
	t.Run("an action is posted to its URL", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(200, "application/xml", successXML))
		require.NoError(t, s.client(t).TakeActionV1(ctx, actionURL, expense.SendBack, "because"))
		r := s.requests[0]
		require.Equal(t, "POST", r.Method)
		require.Equal(t, "/api/expense/expensereport/v1.1/report/nStep$s1/WorkFlowAction", r.RequestURI)
		require.Equal(t, string(wire.EncodeAction(expense.SendBack, "because")), s.bodies[0])
		require.Equal(t, int64(len(s.bodies[0])), r.ContentLength)
	})
	t.Run("what Concur would refuse is not sent", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, nil)
		require.ErrorIs(t, s.client(t).TakeActionV1(ctx, actionURL, expense.SendBack, " \n"), concur.InvalidArgument)
		require.ErrorIs(t, s.client(t).TakeActionV1(ctx, actionURL, expense.Ask, "x"), concur.InvalidArgument)
		requests, tokens := s.count()
		require.Zero(t, requests+tokens)
	})
	t.Run("the failed list is read in either form", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{
			`[{"ObjectURI":"` + objectURI + `","NotificationURI":"` + entryURI + `"}]`,
			`<NotificationList><Notification><ObjectURI>` + objectURI + `</ObjectURI><NotificationURI>` + entryURI + `</NotificationURI></Notification></NotificationList>`,
		} {
			s := newServer(t, answering(200, "application/xml", body))
			var items []wire.FailedItem
			require.NoError(t, s.client(t).FailedNotifications(ctx, func(item wire.FailedItem) error {
				items = append(items, item)
				return nil
			}))
			require.Len(t, items, 1)
			require.Equal(t, entryURI, items[0].Notification.NotificationURI)
			require.Equal(t, "/api/platform/notifications/v1.0/notification?status=FAILED", s.requests[0].RequestURI)
		}
	})
	t.Run("an error of the list's receiver comes back as it is", func(t *testing.T) {
		t.Parallel()
		enough := errors.New("enough")
		s := newServer(t, answering(200, "application/json", `[{}]`))
		require.Equal(t, enough, s.client(t).FailedNotifications(ctx, func(wire.FailedItem) error { return enough }))
	})
	t.Run("a list that cannot be read is malformed", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(200, "application/json", `{"error":"x"}`))
		require.ErrorIs(t, s.client(t).FailedNotifications(ctx, func(wire.FailedItem) error { return nil }), concur.Malformed)
	})
	t.Run("a notification is deleted, also when it is gone", func(t *testing.T) {
		t.Parallel()
		for _, status := range []int{200, 204, 404} {
			s := newServer(t, answering(status, "application/xml", ""))
			require.NoError(t, s.client(t).DeleteNotification(ctx, entryURI))
			require.Equal(t, "DELETE", s.requests[0].Method)
			require.Equal(t, "/api/platform/notifications/v1.0/notification/nEntry$s1", s.requests[0].RequestURI)
		}
	})
	t.Run("a notification that a gateway says it deleted is not known to be", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(200, "text/html", "<html>ok</html>"))
		require.ErrorIs(t, s.client(t).DeleteNotification(ctx, entryURI), concur.OutcomeUnknown)
	})
	t.Run("each request is logged once, without URL, token or body", func(t *testing.T) {
		t.Parallel()
		var log bytes.Buffer
		s := newServer(t, answering(200, "application/xml", reportXML))
		client := s.client(t, func(o *concur.Options) {
			o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		_, err := client.ReadReport(ctx, objectURI+"?q=private", concur.ReadOptions{})
		require.NoError(t, err)
		require.Equal(t, 2, strings.Count(log.String(), "concur request"))
		require.Contains(t, log.String(), `op="read report" status=200 kind="" correlation=their-id`)
		for _, secret := range []string{"private", "token-1", clientSecret, "nKey", "ReportDetails"} {
			require.NotContains(t, log.String(), secret)
		}
	})
}
