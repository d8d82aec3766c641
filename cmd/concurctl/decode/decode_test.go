package decode

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"concur-connector/cmd/concurctl/clitest"

	"github.com/stretchr/testify/require"
)

// decoded is an answer of decode with its view left open.
type decoded struct {
	Payload string
	About   string
	View    json.RawMessage
}

func decodeText(t *testing.T, text string) decoded {
	t.Helper()
	ended := concurctl.Run(t, text, "decode", "-", "-o", "json")
	require.Zero(t, ended.Code, ended.Errs)
	require.Empty(t, ended.Errs)
	return clitest.Read[decoded](t, ended)
}

const (
	calloutXML = `<?xml version="1.0" encoding="utf-8"?>
<Notification><EventType>Report Entered Expense Report Workflow Step - Review</EventType><ObjectType>EXPRPT</ObjectType>
<ObjectURI>https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/9%Qab$pZ</ObjectURI>
<EventDateTime>2026-03-01</EventDateTime><Context/></Notification>`

	listJSON = `[{"Context":null,"EventDateTime":"2026-03-01T08:00:00","NotificationURI":"https://www.concursolutions.com/api/platform/notifications/v1.0/notification/nA$p1",
"ObjectType":"EXPRPT","ObjectURI":"https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nK$p1"}]`

	reportXML = `<ReportDetails xmlns:ns="http://www.concursolutions.com/api/expense/expensereport/2011/03">
<X_UserID>someone@example.com</X_UserID><EmployeeName>Bond, Jan </EmployeeName><ReportId>0A1B2C3D4E5F60718293</ReportId><RptKey>nK$p1</RptKey>
<CrnCode>EUR</CrnCode><ApsKey>A_EXTV</ApsKey><ReportTotal>12.50000000</ReportTotal>
<WorkflowActionURL>http://www.concursolutions.com/api/expense/expensereport/v1.1/report/nS$p1/WorkFlowAction</WorkflowActionURL>
<Entries Count="1"><ExpenseEntry><RpeKey>nE$p1</RpeKey><PostedAmount>12.50000000</PostedAmount></ExpenseEntry></Entries></ReportDetails>`

	tokenJSON = `{"expires_in":"3600","scope":"EXPRPT NOTIF","token_type":"Bearer","access_token":"eyJhc-secret-access",
"refresh_token":"secret-refresh","id_token":"secret-id","refresh_expires_in":1798761600,"geolocation":"https://us2.api.concursolutions.com/oauth2/v0/token"}`
)

func TestDecodeSaysWhatAPayloadIsAndWhatIsSeenInIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, payload, about, view string }{
		"a callout": {calloutXML, "callout", "a callout about an expense report",
			`{"id":"EXPRPT:9%Qab$pZ","kind":"EXPRPT","key":"9%Qab$pZ","objectUri":"https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/9%Qab$pZ",
			  "objectType":"EXPRPT","eventType":"Report Entered Expense Report Workflow Step - Review","eventDateTime":"2026-03-01"}`},
		"an empty failed list":         {`<NotificationList/>`, "failed list", "the failed list with 0 entries", `{"notifications":[],"strange":[]}`},
		"an empty failed list in JSON": {"\uFEFF []", "failed list", "the failed list with 0 entries", `{"notifications":[],"strange":[]}`},
		"a failed list": {clitest.FailedListXML, "failed list", "the failed list with 2 entries, of which 1 cannot be understood",
			`{"notifications":[{"id":"EXPRPT:nK$p1","kind":"EXPRPT","key":"nK$p1","objectUri":"https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nK$p1",
			   "objectType":"EXPRPT","eventDateTime":"2026-03-01T08:00:00","notificationUri":"https://www.concursolutions.com/api/platform/notifications/v1.0/notification/nA$p1"}],
			  "strange":[{"notificationUri":"https://www.concursolutions.com/api/platform/notifications/v1.0/notification/nB$p1","reason":"no ObjectURI"}]}`},
		"a failed list in JSON": {listJSON, "failed list", "the failed list with 1 entry",
			`{"notifications":[{"id":"EXPRPT:nK$p1","kind":"EXPRPT","key":"nK$p1","objectUri":"https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nK$p1",
			   "objectType":"EXPRPT","eventDateTime":"2026-03-01T08:00:00","notificationUri":"https://www.concursolutions.com/api/platform/notifications/v1.0/notification/nA$p1"}],"strange":[]}`},
		"an answer of the token endpoint": {tokenJSON, "token", "an answer of the token endpoint with access_token, id_token, refresh_token",
			`{"tokenType":"Bearer","scopes":["EXPRPT","NOTIF"],"geolocation":"https://us2.api.concursolutions.com","expiresIn":"1h0m0s",
			  "refreshExpiresAt":"2027-01-01T00:00:00Z","lengths":{"access_token":19,"refresh_token":14,"id_token":9}}`},
		"a token that lives for a number": {`{"access_token":"abc","token_type":"Bearer","expires_in":3600}`, "token", "an answer of the token endpoint with access_token",
			`{"tokenType":"Bearer","scopes":[],"expiresIn":"1h0m0s","lengths":{"access_token":3}}`},
		"a refusal of the token endpoint": {`{"error":"invalid_grant","error_description":"Bad token","code":108}`, "token error", "a refusal of the token endpoint",
			`{"code":"108","error":"invalid_grant","message":"Bad token"}`},
		"a refusal that names another data centre": {`{"error":"invalid_request","error_description":"elsewhere","code":16,"geolocation":"https://eu2.api.concursolutions.com/x"}`,
			"token error", "a refusal of the token endpoint", `{"code":"16","error":"invalid_request","message":"elsewhere","geolocation":"https://eu2.api.concursolutions.com"}`},
		"an error in XML":  {`<Response><StatusCode>400</StatusCode><Content><Error><Message>Deadlock found</Message><Id>E-1</Id></Error></Content></Response>`, "error", "an error that Concur reports", `{"code":"E-1","message":"Deadlock found"}`},
		"an error in JSON": {`{"httpStatus":"403 Forbidden","errorMessage":"no scope","errorId":"E-2"}`, "error", "an error that Concur reports", `{"code":"E-2","message":"no scope"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := decodeText(t, c.text)
			require.Equal(t, c.payload, d.Payload)
			require.Equal(t, c.about, d.About)
			require.JSONEq(t, c.view, string(d.View))
		})
	}
}

func TestAReportIsShownAsTheRulesSeeIt(t *testing.T) {
	t.Parallel()
	d := decodeText(t, reportXML)
	require.Equal(t, "report", d.Payload)
	require.Equal(t, "a report with 1 entry, which waits at an external validation", d.About)
	var view Report
	require.NoError(t, json.Unmarshal(d.View, &view))
	require.True(t, view.AwaitsValidation)
	require.True(t, view.OwnerKnown)
	require.Zero(t, view.Report.Owner)
	require.Equal(t, "A_EXTV /api/expense/expensereport/v1.1/report/nS$p1/WorkFlowAction", view.ValidationID)
	require.Equal(t, "12.5", view.Report.Entries[0].Posted.Amount.String())
	require.Equal(t, "EUR", view.Report.Entries[0].Posted.Currency)
	require.Equal(t, view.Report.Revision(), view.Revision)
	require.NotContains(t, string(d.View), "Bond")
	require.NotContains(t, string(d.View), "someone@example.com")
}

func TestWhatAPayloadIsGoesToAPersonAndTheViewToAFile(t *testing.T) {
	t.Parallel()
	ended := concurctl.Run(t, "", "decode", clitest.File(t, "list.json", listJSON))
	require.Zero(t, ended.Code)
	require.Equal(t, "This is the failed list with 1 entry.\n", ended.Errs)
	require.True(t, json.Valid([]byte(ended.Out)))
}

func TestWhatCannotBeReadInAPayloadIsSaid(t *testing.T) {
	t.Parallel()
	for body, says := range map[string][]string{
		strings.Replace(calloutXML, "Review", "Re&#xB;view", 1): {"U+FFFD stands in it 1 time for", "Re\uFFFDview"},
	} {
		ended := concurctl.Run(t, body, "decode", "-")
		require.Zero(t, ended.Code)
		require.Contains(t, ended.Errs, says[0])
		require.Contains(t, ended.Out, says[1])
		require.NotContains(t, ended.Out, "secret")
	}
}

func TestNoSecretOfATokenIsPrinted(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"json", "text"} {
		ended := concurctl.Run(t, tokenJSON, "decode", "-", "-o", form)
		require.Zero(t, ended.Code)
		require.NotContains(t, ended.Out+ended.Errs, "secret")
	}
}

func TestAPayloadThatCannotBeUsedIsOneSentence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"nothing":                       {" \n", "the payload is empty"},
		"an encoding that nobody knows": {`<?xml version="1.0" encoding="x-nobody"?><a/>`, "an encoding that is not known"},
		"a text":                        {"hello", "the payload is neither XML nor JSON"},
		"a web page":                    {"<!DOCTYPE html><html></html>", "a web page, as a gateway answers"},
		"a callout without an object":   {"<Notification/>", "the notification cannot be used: no ObjectURI"},
		"a callout that is cut":         {calloutXML[:300], "the notification cannot be read: ends before it is complete"},
		"a callout with a DTD":          {`<!DOCTYPE x><Notification/>`, "a document type declaration is not accepted"},
		"a list that is cut":            {clitest.FailedListXML[:200], "the failed list cannot be read: ends before it is complete"},
		"a report without a status":     {`<ReportDetails><ReportId>x</ReportId></ReportDetails>`, "no approval status (ApsKey)"},
		"a report with a broken amount": {`<ReportDetails><ApsKey>A_EXTV</ApsKey><ReportTotal>private</ReportTotal></ReportDetails>`, "ReportTotal is not a decimal number"},
		"XML of somebody else":          {`<rss><channel/></rss>`, "none of Concur's that the connector reads"},
		"JSON of somebody else":         {`{"name":"x"}`, "none of Concur's that the connector reads"},
		"JSON that is cut":              {`{"access_token":"secret`, "JSON that ends before it is complete"},
		"JSON with a slip":              {`{"access_token":'secret'}`, "not well-formed JSON (byte 17)"},
		"JSON twice":                    {`{} {}`, "something after its end"},
		"a token of another type":       {`{"access_token":"abc","token_type":"mac"}`, "it is not a bearer token"},
		"a token that is none":          {`{"access_token":7}`, "access_token is not a text"},
		"a token that is empty":         {`{"access_token":""}`, "its access token is empty"},
		"a geolocation that is none":    {`{"access_token":"abc","token_type":"Bearer","geolocation":"https:/host"}`, "geolocation is not an absolute URL"},
		"a geolocation with a password": {`{"access_token":"abc","token_type":"Bearer","geolocation":"https://a:secret@host"}`, "a user name before its host"},
		"an event":                      {`{"eventType":"statusChanged","facts":{}}`, "an event of the Event Subscription Service"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := concurctl.Run(t, c.text, "decode", "-")
			require.Equal(t, 1, ended.Code)
			require.Empty(t, ended.Out)
			require.Contains(t, ended.Errs, c.says)
			require.Equal(t, 1, strings.Count(ended.Errs, "\n"))
			for _, private := range []string{"secret", "private"} {
				require.NotContains(t, ended.Errs, private)
			}
		})
	}
}

func TestAPayloadAboveTheLimitIsRefusedAndNotCut(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "large")
	f, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(maxPayload+1))
	require.NoError(t, f.Close())
	_, err = ReadFile(path, nil)
	require.EqualError(t, err, "the payload is larger than 33554432 bytes")
}

// FuzzDecode looks for a payload that makes decode panic, or say more than a sentence.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{calloutXML, clitest.FailedListXML, listJSON, reportXML, tokenJSON, headerV3, headerV4, expenseV4, `{"error":{"code":1}}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := Decode(body)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			require.LessOrEqual(t, len(err.Error()), 1000)
			return
		}
		require.NotEmpty(t, p.Payload)
		_, err = json.Marshal(p)
		require.NoError(t, err)
	})
}

func TestDecodeSaysWhatBecomesOfACallout(t *testing.T) {
	t.Parallel()
	for uri, says := range map[string]string{
		"https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nK$p1": "a callout about an expense report",
		"https://www.concursolutions.com/api/travelrequest/v1.0/requests/gWqmsMJ4KYsYDsy":        "an address that Concur has retired",
		"https://us.api.concursolutions.com/travelrequest/v4/requests/0f0e0d0c0b0a4938":          "a callout about a travel request; only a rules file with a rule of level request",
		"https://www.concursolutions.com/api/invoice/v1.0/key":                                   "a callout about an object of a kind that nobody documents, which becomes a run that ends unsupported",
	} {
		p, err := decodeCallout([]byte(strings.Replace(calloutXML, "https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/9%Qab$pZ", uri, 1)))
		require.NoError(t, err)
		require.Contains(t, p.About, says)
	}
}
