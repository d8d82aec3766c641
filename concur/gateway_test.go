package concur_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

// foreign are answers of proxies, firewalls and gateways. Each names a person.
var foreign = map[string]struct{ contentType, body string }{
	"a web page":                     {"text/html; charset=utf-8", "<!DOCTYPE html><html><body>Access Denied for kim@example.com</body></html>"},
	"a page said to be XML":          {"application/xml", `<?xml version="1.0"?><!-- WAF --><HTML><body>kim@example.com</body></HTML>`},
	"a page said to be JSON":         {"application/json", "\uFEFF\n<html><head><title>403</title></head>kim@example.com</html>"},
	"a page without its first lines": {"", "<h1>Forbidden</h1><p>kim@example.com</p>"},
	"a page from a title on":         {"text/plain", "<title>Blocked</title>kim@example.com"},
	"a text":                         {"text/plain", "upstream connect error: kim@example.com"},
	"a text said to be JSON":         {"application/json", "no healthy upstream for kim@example.com"},
	"a text said to be HTML":         {"text/html", "Request blocked, kim@example.com"},
	"a message of a gateway":         {"application/json", `{"message":"Forbidden","user":"kim@example.com"}`},
	"a fault of a gateway":           {"application/json", `{"fault":{"faultstring":"kim@example.com","detail":{"errorcode":"policies.ratelimit"}}}`},
	"a gateway's page not found":     {"application/json", `{"statusCode":404,"message":"kim@example.com"}`},
	"a route that is not known":      {"application/json", `{"message":"no Route matched with those values"}`},
	"an error with a code":           {"application/xml", `<Error><Code>AuthenticationFailed</Code><Message>kim@example.com</Message></Error>`},
	"an error of another service":    {"application/json", `{"error":{"code":"AuthorizationFailed","message":"kim@example.com"}}`},
	"an error of a store of files":   {"application/xml", `<Error><Code>AccessDenied</Code><Message>kim@example.com</Message><RequestId>4442</RequestId></Error>`},
	"another document":               {"application/xml", `<Fault><Reason>kim@example.com</Reason></Fault>`},
	"half of a document":             {"application/json", `{"errorMessage":"kim@exa`},
}

// gateway answers without Concur's correlation ID.
func gateway(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Del("Concur-Correlationid")
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// writeOps are every write of every interface.
var writeOps = map[string]func(context.Context, *concur.Client) error{
	"take action": func(ctx context.Context, c *concur.Client) error {
		return c.TakeActionV1(ctx, actionURL, expense.Approve, "")
	},
	"post exceptions": func(ctx context.Context, c *concur.Client) error {
		_, err := c.PostExceptionsV1(ctx, reportKey, []expense.Exception{{ObjectType: expense.OnReport, Code: "LATE"}})
		return err
	},
	"delete notification": func(ctx context.Context, c *concur.Client) error { return c.DeleteNotification(ctx, entryURI) },
	"approve report": func(ctx context.Context, c *concur.Client) error {
		return c.ApproveReportV4(ctx, reportID, "", "", nil)
	},
	"send report back": func(ctx context.Context, c *concur.Client) error {
		return c.SendBackReportV4(ctx, reportID, "Please add the receipt.", nil)
	},
	"put exception": func(ctx context.Context, c *concur.Client) error {
		return c.PutExceptionV4(ctx, reportID, expense.ExistingException{Exception: expense.Exception{ObjectType: expense.OnReport, Code: "LATE"}})
	},
	"delete exception": func(ctx context.Context, c *concur.Client) error {
		return c.DeleteExceptionV4(ctx, reportID, expense.ExistingException{Exception: expense.Exception{ObjectType: expense.OnReport, Code: "LATE"}})
	},
	"approve request": func(ctx context.Context, c *concur.Client) error {
		_, err := c.ApproveRequestV4(ctx, requestID)
		return err
	},
	"send request back": func(ctx context.Context, c *concur.Client) error {
		_, err := c.SendBackRequestV4(ctx, requestID, "Please say why.")
		return err
	},
}

var readOps = map[string]func(context.Context, *concur.Client) error{
	"read report": func(_ context.Context, c *concur.Client) error { return read(c) },
	"list exceptions": func(ctx context.Context, c *concur.Client) error {
		_, err := c.ExceptionsV4(ctx, reportID)
		return err
	},
	"read travel request": func(ctx context.Context, c *concur.Client) error {
		_, err := c.ReadRequest(ctx, requestURI, concur.ReadOptions{})
		return err
	},
	"list failed notifications": func(ctx context.Context, c *concur.Client) error {
		return c.FailedNotifications(ctx, func(concur.FailedItem) error { return nil })
	},
	"find user": func(ctx context.Context, c *concur.Client) error {
		_, err := c.UserID(ctx, owner)
		return err
	},
}

func TestWhatAGatewayAnswersIsAnOutageWhateverItsStatus(t *testing.T) {
	t.Parallel()
	for name, said := range foreign {
		for _, status := range []int{400, 401, 403, 404, 405, 406, 409, 410, 418, 422, 451} {
			t.Run(fmt.Sprintf("%s with %d", name, status), func(t *testing.T) {
				t.Parallel()
				s := newServer(t, gateway(status, said.contentType, said.body))
				var log bytes.Buffer
				client := s.client(t, func(o *concur.Options) {
					o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				})
				tried := 0
				check := func(op string, err error, kind expense.Kind) {
					tried++
					var e *concur.Error
					require.ErrorAs(t, err, &e, op)
					require.Equal(t, kind, e.Kind, "%s: %v", op, err)
					require.True(t, e.Gateway, op)
					require.Equal(t, status, e.Status)
					require.Contains(t, e.Message, "was answered in Concur's place")
					require.NotContains(t, fmt.Sprintf("%v %+v", err, *e), "kim")
				}
				for op, do := range readOps {
					check(op, do(context.Background(), client), concur.Unavailable)
				}
				for op, do := range writeOps {
					check(op, do(context.Background(), client), concur.OutcomeUnknown)
				}
				requests, tokens := s.count()
				require.Equal(t, tried, requests, "nothing is sent again")
				require.Equal(t, 1, tokens, "no access is renewed")
				require.NotContains(t, log.String(), "kim")
			})
		}
	}
}

func TestWhatAGatewayAnswersWithSuccessIsNoAnswer(t *testing.T) {
	t.Parallel()
	for name, said := range foreign {
		if said.body[0] == '{' || name == "an error of a store of files" || name == "another document" || name == "an error with a code" {
			continue // a document, which is read as one
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newServer(t, gateway(200, said.contentType, said.body)).client(t)
			for _, call := range []struct {
				err  error
				kind expense.Kind
			}{{read(client), concur.Unavailable}, {writeOps["take action"](context.Background(), client), concur.OutcomeUnknown}} {
				var e *concur.Error
				require.ErrorAs(t, call.err, &e)
				require.Equal(t, call.kind, e.Kind, e.Error())
				require.True(t, e.Gateway)
				require.NotContains(t, call.err.Error(), "kim")
			}
		})
	}
}

func TestWhatAGatewayAnswersInPlaceOfATokenIsAnOutage(t *testing.T) {
	t.Parallel()
	for name, said := range foreign {
		for _, status := range []int{400, 401, 403, 404, 410} {
			t.Run(fmt.Sprintf("%s with %d", name, status), func(t *testing.T) {
				t.Parallel()
				s := newServer(t, nil)
				s.token = gateway(status, said.contentType, said.body)
				err := read(s.client(t))
				var e *concur.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, concur.Unavailable, e.Kind, e.Error())
				require.True(t, e.Gateway)
				require.NotContains(t, err.Error(), "kim")
				require.NotContains(t, err.Error(), "person")
			})
		}
	}
	t.Run("so is nothing at all", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, nil)
		s.token = gateway(403, "", "")
		require.ErrorIs(t, read(s.client(t)), concur.Unavailable)
	})
}

func TestConcursOwnRefusalsAreBelievedInEachOfTheirForms(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"XML":                       "<Error><Message>no</Message><Server-Time>x</Server-Time><Id>7</Id></Error>",
		"XML, deeper":               "<Reply><StatusCode>403</StatusCode><Content><Error><Message>no</Message></Error></Content></Reply>",
		"XML without a word":        "<Error/>",
		"Expense v4":                `{"timestamp":"t","httpStatus":"403 Forbidden","errorMessage":"no","path":"/p"}`,
		"Request v4":                `{"errors":[{"errorCode":"permissionDenied","errorMessage":"no"}]}`,
		"Identity v4":               `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"403","detail":"no"}`,
		"List v4":                   `{"error":{"id":"7","message":"no"},"httpStatus":"403","path":"/p","timestamp":"t"}`,
		"v3":                        `{"Error":{"Message":"no","Server-Time":"x","Id":"7"}}`,
		"an older service":          `{"Message":"no"}`,
		"a service that says where": `{"timestamp":"t","status":403,"error":"Forbidden","path":"/p"}`,
		"a word of OAuth":           `{"error":"insufficient_scope"}`,
		"an empty object":           `{}`,
		"nothing":                   "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.ErrorIs(t, read(newServer(t, gateway(403, "application/json", body)).client(t)), concur.Forbidden)
		})
	}
	t.Run("and in any other, under Concur's correlation ID", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{"no", `{"message":"no"}`, "<Other/><!-- -->"} {
			require.ErrorIs(t, read(newServer(t, answering(403, "text/plain", body)).client(t)), concur.Forbidden, body)
		}
	})
	t.Run("but no web page", func(t *testing.T) {
		t.Parallel()
		require.ErrorIs(t, read(newServer(t, answering(403, "application/xml", "<html></html>")).client(t)), concur.Unavailable)
	})
}

// A report that is not found ends its run: that needs more proof than another refusal does.
func TestThatSomethingIsNotFoundIsBelievedOnlyWhenConcurSaysSo(t *testing.T) {
	t.Parallel()
	const spring = `{"timestamp":"t","status":404,"error":"Not Found","path":"/p"}`
	unsigned := func(body string) http.HandlerFunc { return gateway(404, "application/json", body) }
	signed := func(body string) http.HandlerFunc { return answering(404, "application/json", body) }
	for name, test := range map[string]struct {
		api  http.HandlerFunc
		gone bool
	}{
		"nothing":                   {unsigned(""), false},
		"a line":                    {unsigned("\r\n"), false},
		"an empty object":           {unsigned("{}"), false},
		"an empty list":             {unsigned("[]"), false},
		"no errors":                 {unsigned(`{"errors":[]}`), false},
		"an element without a word": {unsigned("<Error/>"), false},
		"another element":           {unsigned("<fault>not found</fault>"), false},
		"an error of any service":   {unsigned(spring), false},
		"a word and a number":       {unsigned(`{"error":"not_found","code":404}`), false},
		"the message of a server without the path": {unsigned(`{"Message":"No HTTP resource was found."}`), false},
		"a web page, under the correlation ID":     {signed("<html></html>"), false},
		"no route, under the correlation ID":       {signed(`{"message":"no Route matched with those values"}`), false},
		"a text, under the correlation ID":         {signed("Not found"), false},
		"nothing, under the correlation ID":        {signed(""), true},
		"an object, under the correlation ID":      {signed("{}"), true},
		"any service, under the correlation ID":    {signed(spring), true},
		"XML":                                      {unsigned("<Error><Message>no</Message><Server-Time>x</Server-Time><Id>7</Id></Error>"), true},
		"XML in JSON":                              {unsigned(`{"Error":{"Message":"no","Server-Time":"x","Id":"7"}}`), true},
		"Expense v4":                               {unsigned(`{"timestamp":"t","httpStatus":"404 Not Found","errorMessage":"no","path":"/p"}`), true},
		"Request v4":                               {unsigned(`{"errors":[{"errorCode":"notFound","errorMessage":"no"}]}`), true},
		"a list of errors":                         {unsigned(`[{"errorCode":"notFound","errorMessage":"no"}]`), true},
		"List v4":                                  {unsigned(`{"error":{"id":"7","message":"no"}}`), true},
		"Identity v4":                              {unsigned(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404","detail":"no"}`), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newServer(t, test.api).client(t)
			deleted := client.DeleteNotification(context.Background(), entryURI)
			if test.gone {
				require.ErrorIs(t, read(client), concur.NotFound)
				require.NoError(t, deleted)
				return
			}
			require.ErrorIs(t, read(client), concur.Unavailable)
			require.ErrorIs(t, deleted, concur.OutcomeUnknown)
		})
	}
}

func TestAGatewayThatAsksForALoginIsAnOutage(t *testing.T) {
	t.Parallel()
	asks := func(status int, header, value string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Del("Concur-Correlationid")
			w.Header().Set(header, value)
			w.WriteHeader(status)
		}
	}
	for name, api := range map[string]http.HandlerFunc{
		"a proxy's login":          asks(407, "Proxy-Authenticate", "Negotiate"),
		"a login with a password":  asks(401, "WWW-Authenticate", `Basic realm="proxy"`),
		"a login with a ticket":    asks(401, "WWW-Authenticate", "NTLM"),
		"a redirect to its portal": asks(302, "Location", "https://login.example/"),
		"a redirect to its page":   asks(307, "Location", "/login"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, api)
			client := s.client(t)
			require.ErrorIs(t, read(client), concur.Unavailable)
			for op, do := range writeOps {
				require.ErrorIs(t, do(context.Background(), client), concur.OutcomeUnknown, op)
			}
			_, tokens := s.count()
			require.Equal(t, 1, tokens, "no access is renewed")

			s = newServer(t, nil)
			s.token = api
			require.ErrorIs(t, read(s.client(t)), concur.Unavailable)
		})
	}
	t.Run("but not the API that asks for a token", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, asks(401, "WWW-Authenticate", `Bearer error="invalid_token"`))
		require.ErrorIs(t, read(s.client(t)), concur.Unauthorized)
	})
}

func TestATextInPlaceOfASuccessWithoutABodyIsNoAnswer(t *testing.T) {
	t.Parallel()
	for op, do := range writeOps {
		client := newServer(t, gateway(200, "text/plain", "Request blocked for kim@example.com")).client(t)
		require.ErrorIs(t, do(context.Background(), client), concur.OutcomeUnknown, op)
	}
}

func TestASuccessWithABodyThatConcurDoesNotDocumentIsNoDeletion(t *testing.T) {
	t.Parallel()
	unsigned := func(status int, body string) http.HandlerFunc { return gateway(status, "application/json", body) }
	for name, c := range map[string]struct {
		api  http.HandlerFunc
		done bool
	}{
		"an object of a gateway":               {unsigned(200, `{"status":"ok"}`), false},
		"an empty object of a gateway":         {unsigned(200, `{}`), false},
		"a list of a gateway":                  {unsigned(202, `[]`), false},
		"an element of a gateway":              {unsigned(200, `<ok/>`), false},
		"nothing":                              {unsigned(200, ""), true},
		"no content":                           {unsigned(204, ""), true},
		"an object, under the correlation ID":  {answering(200, "application/json", `{"status":"ok"}`), true},
		"an element, under the correlation ID": {answering(200, "application/xml", `<Status>OK</Status>`), true},
		"the documented word":                  {unsigned(200, "\"deleted\"\n"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, path := newServer(t, c.api), storePath(t)
			client := s.client(t, in(path))
			deleted, revoked := client.DeleteNotification(context.Background(), entryURI), client.Revoke(context.Background())
			if c.done {
				require.NoError(t, deleted)
				require.NoError(t, revoked)
				require.NoFileExists(t, path)
				return
			}
			require.ErrorIs(t, deleted, concur.OutcomeUnknown)
			require.ErrorIs(t, revoked, concur.OutcomeUnknown)
			require.ErrorContains(t, revoked, "a body that Concur does not document was answered in Concur's place")
			require.FileExists(t, path, "the tokens are kept")
		})
	}
}

func TestAfterASuccessOfAGatewayTheFailedListTells(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		listed string
		is     error
	}{
		"it is gone":     {"", nil},
		"it is there":    {"<Notification><NotificationURI>" + entryURI + "</NotificationURI></Notification>", concur.OutcomeUnknown},
		"another stands": {"<Notification><NotificationURI>" + entryURI + "x</NotificationURI></Notification>", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodDelete {
					gateway(200, "application/json", `{"status":"ok"}`)(w, r)
					return
				}
				answering(200, "application/xml", "<NotificationsList>"+c.listed+"</NotificationsList>")(w, r)
			}).client(t)
			require.ErrorIs(t, client.EnsureDeleted(context.Background(), entryURI), c.is)
		})
	}
}

func TestARefusalThatSaysNothingNamesBothWhoMayHaveGivenIt(t *testing.T) {
	t.Parallel()
	const may = "a proxy or a firewall may have given it"
	for _, status := range []int{400, 401, 403, 409} {
		require.ErrorContains(t, read(newServer(t, gateway(status, "text/plain", "")).client(t)), may, status)
		require.NotContains(t, read(newServer(t, answering(status, "text/plain", "")).client(t)).Error(), may, status)
	}
}
