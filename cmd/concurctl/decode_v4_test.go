package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDecodeReadsTheNewerInterfaces(t *testing.T) {
	t.Parallel()
	const request = `{"id":"9A0F","requestId":"3AT7","approvalStatus":{"code":"SUBMITTED","name":"Pending External Validation"},"owner":{"id":"u-secret","firstName":"Secret"},"comment":"secret",
		"totalPostedAmount":{"value":10.50,"currency":"EUR"},"submitDate":"2026-03-03T09:00:00.000Z"%s}`
	const requestView = `"request":{"id":"9A0F","number":"3AT7","currency":"EUR","status":"SUBMITTED","statusName":"Pending External Validation","submitted":"2026-03-03T09:00:00Z","posted":{"amount":"10.5","currency":"EUR"}`
	const unclear = "its status says that it waits at external validation, and Concur's answer has no operations, which would say whether we may decide (settings.actWithoutOperations of the rules file)"
	with := func(more string) string { return strings.Replace(request, "%s", more, 1) }
	for name, c := range map[string]struct{ text, payload, about, view string }{
		"a travel request that waits": {with(`,"operations":[{"rel":"approve","href":"https://secret"}]`), "travel request", "which waits for the connector",
			`{"atStop":true,"stop":"SUBMITTED 9A0F 2026-03-03T09:00:00",` + requestView + `,"operations":["approve"]}}`},
		"a travel request that does not": {strings.Replace(with(""), "Pending External Validation", "Submitted & Pending Approval", 1), "travel request", "which does not wait for the connector",
			`{"atStop":false,` + strings.Replace(requestView, "Pending External Validation", "Submitted & Pending Approval", 1) + `}}`},
		"a travel request that may wait": {with(""), "travel request", "which may wait for the connector: its status says", `{"atStop":false,"unclear":"` + unclear + `",` + requestView + `}}`},
		"a list of travel requests": {`{"data":[` + with("") + `],"operations":[{"rel":"next","href":"https://x"}]}`, "travel request list", "with 1 request, of which 1 are submitted",
			`{"requests":[{"atStop":false,"unclear":"` + unclear + `",` + requestView + `}}],"submitted":1,"more":true}`},
		"an empty list of travel requests": {`{"data":[]}`, "travel request list", "with 0 requests", `{"requests":[],"submitted":0,"more":false}`},
		"expected expenses": {`[{"id":"E1","transactionAmount":{"value":1,"currency":"USD"},"transactionDate":"2026-03-03T00:00:00Z","expenseType":{"id":"TAXIX"}}]`, "expected expenses", "of which there are 1",
			`[{"id":"E1","type":"TAXIX","date":"2026-03-03","transaction":{"amount":"1","currency":"USD"}}]`},
		"an expected expense":         {`{"id":"E1","tripData":{"legs":[]},"expenseType":{"id":"AIRFR"}}`, "expected expenses", "of which there are 1", `[{"id":"E1","type":"AIRFR"}]`},
		"exceptions of a request":     {`[{"code":"LATE","level":1,"message":"secret","isBlocking":true}]`, "request exceptions", "1 exception", `[{"code":"LATE","level":1,"blocking":true}]`},
		"exceptions of a report":      {`[{"exceptionCode":"LATE","exceptionVisibility":"ALL","isBlocking":true,"message":"secret","expenseId":"E1"}]`, "held exceptions", "1 exception, of which 1 stop an approval", `[{"objectType":"Entry","objectId":"E1","code":"LATE","visibility":"ALL","blocking":true,"expenseId":"E1"}]`},
		"comments of a request":       {`[{"author":{"firstName":"Secret"},"creationDateTime":"2026-03-03T09:00:00.000Z","isLatest":true,"value":"hello"}]`, "comments", "1 comment", `[{"text":"hello","created":"2026-03-03T09:00:00Z","latest":true}]`},
		"comments of a report":        {`[{"author":{"firstName":"Secret"},"comment":"hello"}]`, "comments", "1 comment", `[{"text":"hello"}]`},
		"a user that was found":       {`{"totalResults":1,"Resources":[{"id":"u-secret","userName":"secret@example.com"}]}`, "users", "a search for users with 1 user", `{"users":1,"logins":1,"more":false,"unique":true}`},
		"users without logins":        {`{"totalResults":2,"Resources":[{"id":"u-secret"},{"id":"u-2"}],"nextCursor":"secret"}`, "users", "with 2 users", `{"users":2,"logins":0,"more":true,"unique":false}`},
		"a user":                      {`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"u-secret","userName":"secret@example.com"}`, "users", "the identity of 1 user", `{"users":1,"logins":1,"more":false,"unique":true}`},
		"nobody":                      {`{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"itemsPerPage":0}`, "users", "with 0 users", `{"users":0,"logins":0,"more":false,"unique":false}`},
		"a list item":                 {`{"id":"i1","code":"A-B","shortCode":"B","value":"Name","level":2,"isDeleted":false}`, "list item", "an item of a list", `{"value":"Name","code":"B","listItem":"i1","valid":true}`},
		"a list item that is deleted": {`{"id":"i1","code":"B","value":"Name","isDeleted":true}`, "list item", "which is deleted", `{"value":"Name","code":"B","listItem":"i1","valid":false}`},
		"list items":                  {`{"links":[],"content":[{"id":"i1","shortCode":"B","value":"Name"}],"page":{}}`, "list items", "with 1 item", `[{"value":"Name","code":"B","listItem":"i1"}]`},
		"an error of Expense v4":      {`{"httpStatus":"400","errorMessage":"no","errorId":"63b7fbd9-ae08-0840-abdb-62b0b9160081","validationErrors":[{"id":"no_approver","message":"none"}],"path":"/secret"}`, "error", "an error", `{"code":"no_approver","message":"no | none"}`},
		"an error of Request v4":      {`{"errors":[{"errorCode":"NO_APPROVER","errorMessage":"none"}]}`, "error", "an error", `{"code":"NO_APPROVER","message":"none"}`},
		"an error in a list":          {`[{"errorCode":"timeOut","errorMessage":"late"}]`, "error", "an error", `{"code":"timeOut","message":"late"}`},
		"an error of SCIM":            {`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","scimType":"invalidFilter","detail":"bad"}`, "error", "an error", `{"code":"invalidFilter","message":"bad"}`},
		"details of Request v1":       {`<TravelRequestDetails><LoginID>secret</LoginID><ApprovalStatusKey>Q_EXTV</ApprovalStatusKey><ApprovalStatusName>A & B</ApprovalStatusName><EntriesList><RequestEntry><RequestEntryKey>n1</RequestEntryKey></RequestEntry></EntriesList></TravelRequestDetails>`, "travel request v1", "with 1 expense", `{"atStop":false,"request":{"id":"","status":"Q_EXTV","expenses":[{"id":"n1"}],"via":"Request v1"}}`},
		"a list of Request v1":        {`<RequestsWithCount><RequestsList><RequestSummary><RequestUserLoginID>secret</RequestUserLoginID><RequestID>APXT</RequestID></RequestSummary></RequestsList></RequestsWithCount>`, "travel request list v1", "with 1 travel request", `[{"id":"","number":"APXT","status":"","via":"Request v1"}]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := decodeText(t, c.text)
			require.Equal(t, c.payload, got.Payload)
			require.Contains(t, got.About, c.about)
			require.JSONEq(t, c.view, withoutRevisions(t, got.View))
			require.NotContains(t, strings.ToLower(string(got.View)), "secret")
		})
	}
}

// withoutRevisions drops what is a hash.
func withoutRevisions(t *testing.T, view []byte) string {
	t.Helper()
	text := string(view)
	for {
		before, after, found := strings.Cut(text, `"revision":`)
		if !found {
			return text
		}
		_, after, found = strings.Cut(after, ",")
		require.True(t, found)
		text = before + after
	}
}

func TestAnAnswerOfTheNewerInterfacesThatCannotBeUsedIsOneSentence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"a travel request without a status": {`{"id":"A","approvalStatus":{"name":"secret"}}`, "no approval status (approvalStatus.code)"},
		"an exception without a code":       {`[{"exceptionCode":null,"isBlocking":true}]`, "no exceptionCode"},
		"a list item that says nothing":     {`{"id":"secret","shortCode":null}`, "neither a code nor a value"},
		"an error that says nothing":        {`{"validationErrors":[]}`, "says nothing"},
		"what is sent to act":               {`{"comment":"secret","expectedStepCode":"X"}`, "what the connector sends"},
		"what is sent to put an exception":  {`{"exceptionCode":"LATE","exceptionVisibility":"ALL"}`, "what the connector sends"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs strings.Builder
			require.Equal(t, 1, run(t.Context(), []string{"decode", "-"}, strings.NewReader(c.text), &out, &errs))
			require.Empty(t, out.String())
			require.Contains(t, errs.String(), c.says)
			require.Equal(t, 1, strings.Count(errs.String(), "\n"))
			require.NotContains(t, errs.String(), "secret")
		})
	}
}
