package expense_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

const (
	host    = "https://www.concursolutions.com"
	reports = host + "/api/expense/expensereport/v1.1/reportfulldetails/"
	percent = "3%Rek29$wsIY12Di3LS9$gjei%KL23" // as Concur prints one
)

func TestAnObjectIsIdentifiedByThePathOfItsURI(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("k", expense.MaxKey)
	for name, c := range map[string]struct {
		uri  string
		kind expense.ObjectKind
		key  string
	}{
		"a report":                           {reports + "nQ7$pA", expense.ReportObject, "nQ7$pA"},
		"a key that no URL library reads":    {reports + percent, expense.ReportObject, percent},
		"an escape is not undone":            {reports + "a%2Eb%20c", expense.ReportObject, "a%2Eb%20c"},
		"a key that holds dots":              {reports + "..a.", expense.ReportObject, "..a."},
		"a report of v4":                     {host + "/expensereports/v4/users/u1/context/MANAGER/reports/AB12", expense.ReportObject, "AB12"},
		"a report of v4 for the company":     {host + "/expensereports/v4/reports/AB12", expense.ReportObject, "AB12"},
		"a travel request of v4":             {host + "/travelrequest/v4/requests/AB12", expense.RequestObject, "AB12"},
		"a key like the name of a list":      {reports + "reports1", expense.ReportObject, "reports1"},
		"an unknown object further down":     {host + "/api/invoice/v1.0/payment/i1/lines/2", expense.UnknownObject, "2"},
		"the case of the key is kept":        {reports + "aBcD", expense.ReportObject, "aBcD"},
		"the case of the path says nothing":  {host + "/API/Expense/ExpenseReport/V1.1/ReportFullDetails/k", expense.ReportObject, "k"},
		"another version of the interface":   {host + "/api/expense/expensereport/v2.0/report/k", expense.ReportObject, "k"},
		"one trailing slash is cut":          {reports + "k/", expense.ReportObject, "k"},
		"a query is cut":                     {reports + "k?next=/other/x", expense.ReportObject, "k"},
		"a fragment is cut":                  {reports + "k#/other", expense.ReportObject, "k"},
		"a slash before a query is cut":      {reports + "k/?a=b#c", expense.ReportObject, "k"},
		"a fragment may hold a query":        {reports + "k#a?b", expense.ReportObject, "k"},
		"the longest key":                    {reports + longest, expense.ReportObject, longest},
		"every printable sign may stand in":  {reports + `!"$&'()*+,-.:;<=>@[]^_{|}~`, expense.ReportObject, `!"$&'()*+,-.:;<=>@[]^_{|}~`},
		"a travel request":                   {host + "/api/travelrequest/v1.0/requests/gT4", expense.RequestObject, "gT4"},
		"an object of no known kind":         {host + "/api/invoice/v1.0/payment/i1", expense.UnknownObject, "i1"},
		"a report's path further down":       {host + "/x/api/expense/expensereport/v1.1/k", expense.UnknownObject, "k"},
		"a name that only begins like it":    {host + "/api/expense/expensereports/k", expense.UnknownObject, "k"},
		"the host may be anybody's":          {"http://elsewhere.example:8080/api/travelrequest/k", expense.RequestObject, "k"},
		"a colon in a key":                   {reports + "EXPRPT:k", expense.ReportObject, "EXPRPT:k"},
		"a scheme in capitals":               {"HTTPS://www.concursolutions.com/api/travelrequest/k", expense.RequestObject, "k"},
		"a path of one segment is a key":     {host + "/k", expense.UnknownObject, "k"},
		"a kind in the query does not count": {host + "/k?/api/expense/expensereport/", expense.UnknownObject, "k"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind, key, err := expense.Identify(c.uri)
			require.NoError(t, err)
			require.Equal(t, c.kind, kind)
			require.Equal(t, c.key, key)
		})
	}
}

func TestAnObjectWithoutAUsableKeyIsRefusedInOneSentence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ uri, says string }{
		"nothing":               {"", "ObjectURI is empty"},
		"no path":               {host, "ObjectURI has no key after the last slash of its path"},
		"only a slash":          {host + "/", "ObjectURI has no key after the last slash of its path"},
		"two trailing slashes":  {reports + "k//", "ObjectURI has no key after the last slash of its path"},
		"a key in the query":    {host + "?/k", "ObjectURI has no key after the last slash of its path"},
		"a key a byte too long": {reports + strings.Repeat("k", expense.MaxKey+1), "ObjectURI has a key of 201 bytes; at most 200 are accepted"},
		"a space in the key":    {reports + "a b", "ObjectURI has a key that is not printable ASCII"},
		"a letter beyond ASCII": {reports + "schlüssel", "ObjectURI has a key that is not printable ASCII"},
		"a byte that is none":   {reports + "a\xff", "ObjectURI has a key that is not printable ASCII"},
		"a line break":          {reports + "a\nb", "ObjectURI has a control character"},
		"a NUL":                 {reports + "a\x00", "ObjectURI has a control character"},
		"a DEL":                 {reports + "a\x7f", "ObjectURI has a control character"},
		"a path alone":          {"/api/travelrequest/k", "ObjectURI is not an absolute URL (scheme://host/path)"},
		"no host":               {"https:///api/travelrequest/k", "ObjectURI has no host"},
		"a URI without end":     {reports + strings.Repeat("a/", 1000), "ObjectURI is longer than 2000 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind, key, err := expense.Identify(c.uri)
			require.EqualError(t, err, c.says)
			require.Empty(t, kind)
			require.Empty(t, key)
		})
	}
}

func TestAURIThatNamesNoSingleObjectIsRefused(t *testing.T) {
	t.Parallel()
	const expenses, requests = host + "/api/expense/expensereport/", host + "/api/travelrequest/v1.0/requests/"
	for says, uris := range map[string][]string{
		"ObjectURI names no single report": {
			reports, strings.TrimSuffix(reports, "/"), strings.TrimSuffix(reports, "/") + "?limit=1", expenses + "v1.1/report/", expenses + "v1.1/report/X/WorkFlowAction",
			expenses + "v1.1/report/X/workflowaction/", expenses + "v1.1/report/X/Exceptions", expenses + "v2.0/Reports?limit=10", expenses + "v1.1", expenses + "v1.1/",
			expenses + "v1.1//reportfulldetails/k", reports + "k/more", reports + "a%2Fb", reports + "a%2fb", reports + "a%5Cb", reports + `a\b`,
			expenses, strings.TrimSuffix(expenses, "/"), expenses + "k", expenses + "reports/k", host + "/expensereports/v4/reports/",
			host + "/expensereports/v4/users/u/context/MANAGER/reportsToApprove", host + "/expensereports/v4/reports/R1/approve",
			host + "/expensereports/v4/users/u/context/TRAVELER/reports/R1/expenses/E1", expenses + "v1.1/reportslist", expenses + "v2.0/ReportsList/", expenses + "v1.1/batch",
			expenses + "v1.1/Work%46lowAction", reports + "%72eports", reports + "reports;a=b", reports + ";a=b", reports + "%20", reports + "%00", reports + "k%0a",
			host + "/expensereports/v4/reports/approve", host + "/expensereports/v4/reports/ab/expenses", host + "/expensereports/v4/reports/expenses",
		},
		"ObjectURI names no single travel request": {
			requests, strings.TrimSuffix(requests, "/"), requests + "k/workflowaction", requests + "a%2fb", host + "/travelrequest/v4/requests",
			host + "/travelrequest/v4/requests/R1/approve", host + "/travelrequest/v4/expenses/E1", requests + "%2f", host + "/api/travelrequest/v1.0/requestslist", host + "/api/travelrequest/v1.0", host + "/api/travelrequest/",
		},
		"ObjectURI has a path with a segment of dots, which names no single object": {
			reports + ".", reports + "..", reports + "...", reports + "../", reports + "%2e%2E", reports + ".%2e", reports + "..;x", reports + "%2e", reports + "..%2fx",
			reports + "x/../k", requests + "..", host + "/api/invoice/../expense/expensereport/v1.1/k", host + "/..", host + "/invoice/%2E", reports + `..\x`,
		},
	} {
		for _, uri := range uris {
			kind, key, err := expense.Identify(uri)
			require.EqualError(t, err, says, uri)
			require.Empty(t, kind)
			require.Empty(t, key)
		}
	}
}

func TestTheNotificationIDIsKindAndKeyAndNothingElse(t *testing.T) {
	t.Parallel()
	n := expense.Notification{Kind: expense.ReportObject, Key: percent, EventType: "step", EventDateTime: "2026-05-01"}
	again := expense.Notification{Kind: n.Kind, Key: n.Key, NotificationURI: host + "/n1", ObjectType: "TRAVELREQ"}
	require.Equal(t, "EXPRPT:"+percent, n.ID())
	require.Equal(t, n.ID(), again.ID())
}

func TestOneTrailingSlashDoesNotMakeAnotherObject(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{reports + percent, reports + percent + "/", reports + percent + "?a=b", reports + percent + "/#c"} {
		_, key, err := expense.Identify(uri)
		require.NoError(t, err, uri)
		require.Equal(t, percent, key, uri)
	}
}

func FuzzIdentify(f *testing.F) {
	f.Add(reports + percent)
	f.Add(host + "/api/travelrequest/v1.0/requests/k/?a#b")
	f.Add("://")
	f.Fuzz(func(t *testing.T, uri string) {
		kind, key, err := expense.Identify(uri)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		require.Contains(t, []expense.ObjectKind{expense.ReportObject, expense.RequestObject, expense.UnknownObject}, kind)
		require.Contains(t, uri, key)
		require.NotContains(t, key, "/")
		require.True(t, len(key) >= 1 && len(key) <= expense.MaxKey)
		require.False(t, strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }))
	})
}
