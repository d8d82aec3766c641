package clitest

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	EntryURI  = "https://www.concursolutions.com/api/platform/notifications/v1.0/notification/"
	ListPath  = "/api/platform/notifications/v1.0/notification"
	EmptyList = `<NotificationList xmlns="http://www.concursolutions.com/api/notification/2012/06"/>`

	ClientSecret = "client-secret-of-the-test"
	RefreshToken = "refresh-token-of-the-test"
	AccessToken  = "access-token-of-the-test"
)

// Concur issues tokens, answers the failed list with text, and takes deletes.
type Concur struct {
	*httptest.Server
	Env Settings // that reaches it

	mu      sync.Mutex
	List    string
	Status  int    // of the list
	Sunset  string // that it announces
	Pending int    // status of the list of reports; 0: 200
	Token   string
	deleted []string
	more    func(w http.ResponseWriter, r *http.Request) bool // answers what else is asked, or does not
}

func NewConcur(t *testing.T) *Concur {
	t.Helper()
	a := NewAuthority(t)
	c := &Concur{List: EmptyList, Status: http.StatusOK}
	c.Server = ListenTLS(t, c, &tls.Config{Certificates: []tls.Certificate{a.Ordinary(t)}})
	c.Env = Settings{
		"CONCUR_GEOLOCATION": c.URL, "CONCUR_TRUSTED_HOSTS": strings.TrimPrefix(c.URL, "https://"), "CONCUR_CA": a.File,
		"CONCUR_CLIENT_ID": "client", "CONCUR_CLIENT_SECRET": ClientSecret, "CONCUR_REFRESH_TOKEN": RefreshToken,
	}
	answer := map[string]any{
		"access_token": AccessToken, "token_type": "Bearer", "expires_in": "3600", "scope": "EXPRPT NOTIF", "refresh_token": RefreshToken, "geolocation": c.URL,
	}
	text, err := json.Marshal(answer)
	require.NoError(t, err)
	c.Change(func() { c.Token = string(text) })
	return c
}

// Change sees or changes what it answers.
func (c *Concur) Change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// Gone lists what was deleted.
func (c *Concur) Gone() (paths []string) {
	c.Change(func() { paths = slices.Clone(c.deleted) })
	return paths
}

func (c *Concur) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Concur-Correlationid", "of-concur")
	switch {
	case r.URL.Path == "/oauth2/v0/token":
		if strings.Contains(c.Token, `"error"`) {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = w.Write([]byte(c.Token))
	case !strings.HasSuffix(r.Header.Get("Authorization"), " "+AccessToken):
		w.WriteHeader(http.StatusUnauthorized)
	case c.more != nil && c.more(w, r):
	case r.URL.Path == "/api/v3.0/expense/reports":
		if c.Pending >= http.StatusBadRequest {
			w.WriteHeader(c.Pending)
			_, _ = w.Write([]byte(`{"Message": "refused"}`))
			return
		}
		_, _ = w.Write([]byte(`{"Items": [], "NextPage": null}`))
	case r.Method == http.MethodGet && r.URL.Path == ListPath:
		if c.Sunset != "" {
			w.Header().Set("Sunset", c.Sunset)
		}
		w.WriteHeader(c.Status)
		_, _ = w.Write([]byte(c.List))
	case r.Method == http.MethodDelete && strings.HasSuffix(r.URL.Path, "/stuck"):
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodDelete && strings.HasSuffix(r.URL.Path, "/gone"):
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodDelete:
		c.deleted = append(c.deleted, r.URL.Path)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

const (
	PairReport = "0B1C2D3E4F5061728394"
	PairOwner  = "9e6c8a54-54f6-4d3b-8f21-0c5d6b7a8e90"
	PairLogin  = "robin.roe@example.com"
	PairURI    = "https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nKEY$pX"

	V4Scopes       = " expense.report.read expense.report.readwrite expense.report.workflowstatus.write"
	IdentityScopes = " identity.user.ids.read identity.user.core.read"
	RequestScopes  = " travelrequest.write travelrequest.externalsystemworkflow.write"
)

// PairAnswers is one report as each interface shows it, by the path of the request.
func PairAnswers() map[string]string {
	const v4 = "/expensereports/v4/users/" + PairOwner + "/context/TRAVELER/reports/" + PairReport
	return map[string]string{
		strings.TrimPrefix(PairURI, "https://www.concursolutions.com"): `<ReportDetails><X_UserID>` + PairLogin + `</X_UserID><ReportId>` + PairReport +
			`</ReportId><RptKey>nKEY$pX</RptKey><ApsKey>A_EXTV</ApsKey><ReportTotal>77.77000000</ReportTotal><Entries Count="1"><ExpenseEntry><RpeKey>nE</RpeKey></ExpenseEntry></Entries></ReportDetails>`,
		"/api/v3.0/expense/reports":               `{"Items": [{"ID": "` + PairReport + `", "ApprovalStatusCode": "A_EXTV", "OwnerLoginID": "` + PairLogin + `"}], "NextPage": null}`,
		"/api/v3.0/expense/reports/" + PairReport: `{"ID": "` + PairReport + `", "ApprovalStatusCode": "A_EXTV", "CurrencyCode": "EUR", "Total": 77.77, "OwnerLoginID": "` + PairLogin + `"}`,
		"/api/v3.0/expense/entries": `{"Items": [{"ID": "gW1", "ExpenseID": "E1", "ReportID": "` + PairReport + `", "PostedAmount": 70},
			{"ID": "gW2", "ExpenseID": "E2", "ReportID": "` + PairReport + `", "PostedAmount": 7.77}], "NextPage": null}`,
		v4:               `{"reportId": "` + PairReport + `", "approvalStatusId": "A_EXTV", "currencyCode": "EUR", "userId": "` + PairOwner + `", "reportTotal": {"value": 77.77000000, "currencyCode": "EUR"}}`,
		v4 + "/expenses": `[{"expenseId": "E2", "postedAmount": {"value": 7.77, "currencyCode": "EUR"}}, {"expenseId": "E1", "postedAmount": {"value": 70, "currencyCode": "EUR"}}]`,
		"/expensereports/v4/reports/" + PairReport + "/exceptions": `[]`,
		"/profile/identity/v4.1/Users/.search":                     `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 1, "Resources": [{"id": "` + PairOwner + `", "userName": "` + PairLogin + `"}]}`,
		"/profile/identity/v4.1/Users/" + PairOwner:                `{"id": "` + PairOwner + `", "userName": "` + PairLogin + `"}`,
		"/travelrequest/v4/requests":                               `{"data": [], "operations": []}`,
	}
}

const V4Header = "/expensereports/v4/users/" + PairOwner + "/context/TRAVELER/reports/" + PairReport

// NewConcurShowing is a Concur that grants these scopes beside the old ones and shows the report,
// but for what is changed: an empty answer is a 403.
func NewConcurShowing(t *testing.T, scopes string, change map[string]string) *Concur {
	t.Helper()
	c, answers := NewConcur(t), PairAnswers()
	for path, body := range change {
		answers[path] = body
	}
	c.Change(func() {
		c.Token = strings.Replace(c.Token, "EXPRPT NOTIF", "EXPRPT NOTIF"+scopes, 1)
		c.more = func(w http.ResponseWriter, r *http.Request) bool {
			body, ok := answers[r.URL.Path]
			switch {
			case !ok:
				return false
			case body == "":
				w.WriteHeader(http.StatusForbidden)
			default:
				w.Header().Set("Content-Type", map[bool]string{true: "application/xml", false: "application/json"}[body[0] == '<'])
				_, _ = w.Write([]byte(body))
			}
			return true
		}
	})
	return c
}

// FailedListXML is a failed list with one entry that can be read, and one that cannot.
const FailedListXML = `<NotificationList xmlns="http://www.concursolutions.com/api/notification/2012/06" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
<Notification><Context i:nil="true"/><EventDateTime>2026-03-01T08:00:00</EventDateTime>
<NotificationURI>https://www.concursolutions.com/api/platform/notifications/v1.0/notification/nA$p1</NotificationURI>
<ObjectType>EXPRPT</ObjectType><ObjectURI>https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nK$p1</ObjectURI></Notification>
<Notification><NotificationURL>https://www.concursolutions.com/api/platform/notifications/v1.0/notification/nB$p1</NotificationURL></Notification>
</NotificationList>`
