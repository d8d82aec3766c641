package ingress_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/ingress"
)

func TestACalloutIsAnswered200OnceItIsDurable(t *testing.T) {
	t.Parallel()
	d := open(t)
	const key = "3%Rek29$wsIY12Di3LS9$gjei%KL23"
	response, text := d.post(t, ingress.DefaultNotifyPath, callout(key))
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "stored\n", text)
	require.Equal(t, "text/plain; charset=utf-8", response.Header.Get("Content-Type"))
	seen := d.starter.started()
	require.Len(t, seen, 1)
	require.Equal(t, "EXPRPT:"+key, seen[0].ID())
	require.Equal(t, "2026-03-09", seen[0].EventDateTime)
	record := d.records(t, 1)[0]
	require.Equal(t, "EXPRPT:"+key, record["notification"])
	require.Equal(t, "EXPRPT", record["kind"])
	require.InEpsilon(t, 200, record["status"], 0)
	require.Equal(t, true, record["started"])
}

func TestCalloutsThatGoThrough(t *testing.T) {
	t.Parallel()
	const uri = "https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nX2$pk"
	for name, c := range map[string]struct{ body, id string }{
		"a byte order mark":             {"\ufeff" + callout("a"), "EXPRPT:a"},
		"a no-break space":              {strings.Replace(callout("a"), `"utf-8"?>`, "\"utf-8\"\u00a0?>", 1), "EXPRPT:a"},
		"a forbidden character":         {strings.Replace(callout("a"), "finance", "fin&#xB;ance", 1), "EXPRPT:a"},
		"invalid UTF-8":                 {strings.Replace(callout("a"), "finance", "finan\xff", 1), "EXPRPT:a"},
		"ISO-8859-1":                    {strings.NewReplacer("utf-8", "ISO-8859-1", "finance", "finan\xe9").Replace(callout("a")), "EXPRPT:a"},
		"UTF-16 by name":                {strings.Replace(callout("a"), "utf-8", "utf-16", 1), "EXPRPT:a"},
		"UTF-16":                        {wide(strings.Replace(callout("a"), "utf-8", "utf-16", 1)), "EXPRPT:a"},
		"a namespace":                   {`<n:Notification xmlns:n="urn:x"><n:ObjectURI>` + uri + `</n:ObjectURI></n:Notification>`, "EXPRPT:nX2$pk"},
		"a nil context":                 {`<Notification xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><Context i:nil="true"/><ObjectURI>` + uri + `?x=1#y</ObjectURI></Notification>`, "EXPRPT:nX2$pk"},
		"a type that disagrees":         {`<Notification><ObjectType>TRAVELREQ</ObjectType><ObjectURI>` + uri + `</ObjectURI></Notification>`, "EXPRPT:nX2$pk"},
		"a travel request":              {`<Notification><ObjectURI>https://www.concursolutions.com/api/travelrequest/v1.0/requests/q$1</ObjectURI></Notification>`, "TRAVELREQ:q$1"},
		"an object of an unknown kind":  {`<Notification><ObjectURI>https://www.concursolutions.com/api/other/1</ObjectURI></Notification>`, "UNKNOWN:1"},
		"a host that is not to be used": {`<Notification><ObjectURI>https://evil.example/api/expense/expensereport/v1.1/k</ObjectURI></Notification>`, "EXPRPT:k"},
		"the largest body":              {callout("a") + strings.Repeat(" ", ingress.MaxBody-len(callout("a"))), "EXPRPT:a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			response, text := d.post(t, ingress.DefaultNotifyPath, c.body)
			require.Equal(t, http.StatusOK, response.StatusCode, text)
			seen := d.starter.started()
			require.Len(t, seen, 1)
			require.Equal(t, c.id, seen[0].ID())
		})
	}
}

func TestTheContentTypeIsNotJudged(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, kind := range []string{"", "application/xml", "text/xml; charset=utf-8", "application/json", "no/such thing;"} {
		r := d.request(t, http.MethodPost, ingress.DefaultNotifyPath, strings.NewReader(callout("a")))
		r.Header["Content-Type"] = []string{kind}
		response, _ := d.do(t, r)
		require.Equal(t, http.StatusOK, response.StatusCode, kind)
	}
}

// wide encodes ASCII as UTF-16 with a byte order mark.
func wide(text string) string {
	return "\xff\xfe" + strings.Join(strings.Split(text, ""), "\x00") + "\x00"
}

func TestWhatIsReplacedIsLoggedAndNotQuoted(t *testing.T) {
	t.Parallel()
	d := open(t)
	response, _ := d.post(t, ingress.DefaultNotifyPath, strings.Replace(callout("a"), "finance", "secret&#xB;&#0;thing", 1))
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "Report Entered Expense Report Workflow Step - Check by secret\uFFFD\uFFFDthing", d.starter.started()[0].EventType)
	require.Contains(t, d.log.text(), `"replaced":2`)
	require.NotContains(t, d.log.text(), "secret")
}

func TestWhatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no XML":                           "ObjectURI=secret-thing",
		"JSON":                             `{"ObjectURI":"https://secret-thing.example/api/expense/expensereport/v1.1/k"}`,
		"another root":                     "<secret-thing/>",
		"no ObjectURI":                     "<Notification><Context>secret-thing</Context></Notification>",
		"an empty URI":                     "<Notification><ObjectURI> </ObjectURI></Notification>",
		"a relative URI":                   "<Notification><ObjectURI>/secret-thing</ObjectURI></Notification>",
		"two ObjectURIs":                   "<Notification><ObjectURI>https://a.example/secret-thing</ObjectURI><ObjectURI>https://a.example/b</ObjectURI></Notification>",
		"two roots":                        callout("a") + "<Notification/>",
		"a cut document":                   callout("secret-thing")[:200],
		"a raw ampersand":                  strings.Replace(callout("secret-thing"), "by finance", "by finance & audit", 1),
		"a DTD":                            `<!DOCTYPE Notification SYSTEM "http://secret-thing.example/x.dtd">` + "<Notification/>",
		"an entity":                        `<!DOCTYPE n [<!ENTITY e SYSTEM "file:///etc/passwd">]><Notification><ObjectURI>https://a.example/&e;</ObjectURI></Notification>`,
		"a DTD in UTF-16":                  wide(`<!DOCTYPE Notification SYSTEM "http://secret-thing.example/x.dtd"><Notification/>`),
		"a strange encoding":               strings.Replace(callout("secret-thing"), "utf-8", "x-nobody", 1),
		"a forbidden character in the key": callout("secret-thing&#xB;"),
		"a key too long":                   callout(strings.Repeat("k", 201)),
		"a key not ASCII":                  callout("kéy"),
		"a key of nothing":                 "<Notification><ObjectURI>https://secret-thing.example//</ObjectURI></Notification>",
		"a list":                           "<Notification><ObjectURI>https://secret-thing.example/api/expense/expensereport/v1.1/reportfulldetails/</ObjectURI></Notification>",
		"an action":                        "<Notification><ObjectURI>https://secret-thing.example/api/expense/expensereport/v1.1/report/X/WorkFlowAction</ObjectURI></Notification>",
		"dots":                             callout(".."),
		"hidden dots":                      callout("%2e%2E"),
		"a hidden slash":                   callout("secret-thing%2Fx"),
		"deep nesting":                     "<Notification>" + strings.Repeat("<a>", 5000) + strings.Repeat("</a>", 5000) + "</Notification>",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			response, text := d.post(t, ingress.DefaultNotifyPath, body)
			require.Equal(t, http.StatusBadRequest, response.StatusCode, text)
			require.Equal(t, "text/plain; charset=utf-8", response.Header.Get("Content-Type"))
			require.Equal(t, 1, strings.Count(text, "\n"), "one sentence")
			require.NotContains(t, text, "secret-thing")
			require.Empty(t, d.starter.started())
			require.NotContains(t, d.log.text(), "secret-thing")
		})
	}
}

func TestProbesStartNothing(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, path := range []string{ingress.DefaultNotifyPath, ingress.TestConnectionPath} {
		for _, slash := range []string{"", "/"} {
			for _, body := range []string{"", " \r\n\t"} {
				response, text := d.post(t, path+slash, body)
				require.Equal(t, http.StatusOK, response.StatusCode)
				require.Equal(t, "connected\n", text)
			}
			response, text := d.do(t, d.request(t, http.MethodGet, path+slash, nil))
			require.Equal(t, http.StatusOK, response.StatusCode)
			require.Equal(t, "connected\n", text)
			response, text = d.do(t, d.request(t, http.MethodHead, path+slash, nil))
			require.Equal(t, http.StatusOK, response.StatusCode)
			require.Empty(t, text)
		}
	}
	require.Empty(t, d.starter.started())
	for _, record := range d.records(t, 16) {
		require.Equal(t, "probed", record["msg"])
		require.NotContains(t, record, "notification")
	}
}

func TestAConnectionTestTakesNoNotification(t *testing.T) {
	t.Parallel()
	d := open(t)
	response, _ := d.post(t, ingress.TestConnectionPath, callout("a"))
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	require.Empty(t, d.starter.started())
}

func TestOtherMethodsAndPaths(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, "BREW"} {
		for _, path := range []string{ingress.DefaultNotifyPath, ingress.TestConnectionPath + "/"} {
			response, _ := d.do(t, d.request(t, method, path, strings.NewReader(callout("a"))))
			require.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
			require.Equal(t, "GET, HEAD, POST", response.Header.Get("Allow"))
		}
	}
	for _, path := range []string{"/", "/concur", "/concur//v1.0/notify", "/concur/v1.0/./notify", "/concur/v1.0/notify//",
		"/CONCUR/v1.0/notify", "/system/v1.0/testconnection/x", "/healthz", "/approvals/EXPRPT:a"} {
		response, _ := d.post(t, path, callout("a"))
		require.Equal(t, http.StatusNotFound, response.StatusCode, path)
	}
	require.Empty(t, d.starter.started())
}

func TestANotifyPathOfItsOwn(t *testing.T) {
	t.Parallel()
	d := open(t, func(o *ingress.Options) { o.NotifyPath = "/hooks/concur/" })
	response, _ := d.post(t, "/hooks/concur", callout("a"))
	require.Equal(t, http.StatusOK, response.StatusCode)
	response, _ = d.post(t, ingress.DefaultNotifyPath, callout("a"))
	require.Equal(t, http.StatusNotFound, response.StatusCode)
	require.Len(t, d.starter.started(), 1)
}

func TestABodyThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	large := strings.Repeat(" ", ingress.MaxBody+1)
	t.Run("by its announced length, before it is read", func(t *testing.T) {
		t.Parallel()
		d := open(t)
		r := httptest.NewRequest(http.MethodPost, ingress.DefaultNotifyPath, unread{t})
		r.ContentLength = ingress.MaxBody + 1
		r.SetBasicAuth(user, password)
		w := httptest.NewRecorder()
		d.Config.Handler.ServeHTTP(w, r)
		require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	})
	t.Run("by its length when none is announced", func(t *testing.T) {
		t.Parallel()
		d := open(t)
		r := d.request(t, http.MethodPost, ingress.DefaultNotifyPath, io.MultiReader(strings.NewReader(callout("a")), strings.NewReader(large)))
		require.Zero(t, r.ContentLength, "it is sent in chunks")
		response, _ := d.do(t, r)
		require.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
		require.Empty(t, d.starter.started())
	})
	t.Run("also on the path of the connection test", func(t *testing.T) {
		t.Parallel()
		d := open(t)
		response, _ := d.post(t, ingress.TestConnectionPath, large)
		require.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
	})
}

func TestAnEncodedBodyIsRefused(t *testing.T) {
	t.Parallel()
	d := open(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := io.WriteString(z, callout("a"))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	r := d.request(t, http.MethodPost, ingress.DefaultNotifyPath, &packed)
	r.Header.Set("Content-Encoding", "gzip")
	response, _ := d.do(t, r)
	require.Equal(t, http.StatusBadRequest, response.StatusCode)

	r = d.request(t, http.MethodPost, ingress.DefaultNotifyPath, strings.NewReader(callout("a")))
	r.Header.Set("Content-Encoding", "Identity")
	response, _ = d.do(t, r)
	require.Equal(t, http.StatusOK, response.StatusCode)
}

func TestABodyThatIsCutStartsNothing(t *testing.T) {
	t.Parallel()
	d := open(t)
	conn, err := net.Dial("tcp", d.Listener.Addr().String())
	require.NoError(t, err)
	body := callout("a")
	r := d.request(t, http.MethodPost, ingress.DefaultNotifyPath, strings.NewReader(body+"more"))
	var raw bytes.Buffer
	require.NoError(t, r.Write(&raw))
	_, err = conn.Write(raw.Bytes()[:raw.Len()-len("more")])
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Contains(t, string(answer), "400 Bad Request")
	require.Empty(t, d.starter.started())
}

func TestWhatIsNotDurableIsAnswered503(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(context.Context, expense.Notification) (bool, error){
		"an error": func(context.Context, expense.Notification) (bool, error) { return false, errors.New("no such host") },
		"a started run with an error": func(context.Context, expense.Notification) (bool, error) {
			return true, errors.New("outcome unknown")
		},
		"no answer before the deadline": func(ctx context.Context, _ expense.Notification) (bool, error) {
			<-ctx.Done()
			return false, ctx.Err()
		},
		"a panic": func(context.Context, expense.Notification) (bool, error) { panic("password-in-a-panic") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, func(o *ingress.Options) { o.Deadline = 20 * time.Millisecond })
			d.starter.start = start
			response, text := d.post(t, ingress.DefaultNotifyPath, callout("a"))
			require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
			require.Equal(t, "60", response.Header.Get("Retry-After"))
			require.Equal(t, "the notification could not be stored; send it again later\n", text)
			record := d.records(t, 1)[0]
			require.NotEmpty(t, record["error"])
			require.NotContains(t, d.log.text(), "password-in-a-panic")
		})
	}
}

func TestARunThatIsOpenIsToldAndLogged(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.starter.start = func(context.Context, expense.Notification) (bool, error) { return false, nil }
	response, _ := d.post(t, ingress.DefaultNotifyPath, callout("a"))
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, false, d.records(t, 1)[0]["started"])
}

func TestTheDeadlineBeginsWhenTheBodyIsRead(t *testing.T) {
	t.Parallel()
	d := open(t)
	until := make(chan time.Time, 1)
	d.starter.start = func(ctx context.Context, _ expense.Notification) (bool, error) {
		deadline, _ := ctx.Deadline()
		until <- deadline
		return true, nil
	}
	body, pipe := io.Pipe()
	r := d.request(t, http.MethodPost, ingress.DefaultNotifyPath, body)
	last := make(chan time.Time, 1)
	go func() {
		text := callout("a")
		_, _ = io.WriteString(pipe, text[:100]) // returns when the client has sent it
		last <- time.Now()
		_, _ = io.WriteString(pipe, text[100:])
		_ = pipe.Close()
	}()
	response, _ := d.do(t, r)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.False(t, (<-until).Before((<-last).Add(ingress.DefaultDeadline)))
}

func TestASenderThatHangsUpIsStillHeard(t *testing.T) {
	t.Parallel()
	// The outer handler knows when the server has noticed that the client is gone.
	gone := make(chan context.Context, 1)
	entered, heard := make(chan struct{}), make(chan error, 1)
	d := open(t)
	d.starter.start = func(ctx context.Context, _ expense.Notification) (bool, error) {
		close(entered)
		<-(<-gone).Done()
		heard <- ctx.Err()
		return true, nil
	}
	outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gone <- r.Context()
		d.Config.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(outer.Close)
	conn, err := net.Dial("tcp", outer.Listener.Addr().String())
	require.NoError(t, err)
	require.NoError(t, d.request(t, http.MethodPost, ingress.DefaultNotifyPath, strings.NewReader(callout("a"))).Write(conn))
	<-entered
	require.NoError(t, conn.Close())
	require.NoError(t, <-heard)
}

func TestTheLogHoldsNoSecretAndNoBody(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.post(t, ingress.DefaultNotifyPath, callout("a"))
	d.post(t, ingress.DefaultNotifyPath, "<Notification>Check by finance</Notification>")
	r := d.request(t, http.MethodPost, ingress.DefaultNotifyPath, strings.NewReader(callout("b")))
	r.SetBasicAuth(user, "the wrong password")
	d.do(t, r)
	d.records(t, 3)
	for _, word := range []string{user, password, "wrong password", "finance", "concursolutions", "Authorization"} {
		require.NotContains(t, d.log.text(), word)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	good := ingress.NewCredential(user, password)
	for name, change := range map[string]func(*ingress.Options){
		"no credential":           func(o *ingress.Options) { o.Credentials = nil },
		"an empty credential":     func(o *ingress.Options) { o.Credentials = make([]ingress.Credential, 1) },
		"three credentials":       func(o *ingress.Options) { o.Credentials = []ingress.Credential{good, good, good} },
		"no starter":              func(o *ingress.Options) { o.Starter = nil },
		"no logger":               func(o *ingress.Options) { o.Logger = nil },
		"a deadline in the past":  func(o *ingress.Options) { o.Deadline = -1 },
		"the test path":           func(o *ingress.Options) { o.NotifyPath = ingress.TestConnectionPath + "/" },
		"a path with a query":     func(o *ingress.Options) { o.NotifyPath = "/a?b" },
		"a path without a slash":  func(o *ingress.Options) { o.NotifyPath = "a" },
		"a path with a pattern":   func(o *ingress.Options) { o.NotifyPath = "/{any}" },
		"the root alone":          func(o *ingress.Options) { o.NotifyPath = "/" },
		"a path with two slashes": func(o *ingress.Options) { o.NotifyPath = "/a//b" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := ingress.Options{Credentials: []ingress.Credential{good}, Starter: &starter{}, Logger: open(t).logger()}
			change(&o)
			_, err := ingress.New(o)
			require.Error(t, err)
		})
	}
}
