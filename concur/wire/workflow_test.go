package wire_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

func TestEncodeWorkflow(t *testing.T) {
	t.Parallel()
	require.Equal(t, `{"comment":"a < b \"c\"","currentSequence":3,"expectedStepCode":"EXTVAL"}`,
		string(wire.EncodeWorkflow(`a < b "c"`, "", map[string]any{"expectedStepCode": "EXTVAL", "currentSequence": json.Number("3")})))
	require.Equal(t, `{}`, string(wire.EncodeWorkflow(" \n", "\t", nil)), "a blank comment is none")
	require.Equal(t, `{"comment":"seen","expenseRejectedComment":"not <ours>"}`, string(wire.EncodeWorkflow("seen", "not <ours>", nil)))
	var rejected struct{ ExpenseRejectedComment string }
	require.NoError(t, json.Unmarshal(wire.EncodeWorkflow("", "a\x00"+strings.Repeat("é", 2001), nil), &rejected))
	require.Equal(t, 2000, utf8.RuneCountInString(rejected.ExpenseRejectedComment), "it is bounded and cleaned like the comment")
	require.Nil(t, wire.EncodeRequestComment(" "))
	for name, encode := range map[string]func(string) []byte{
		"a report":         func(text string) []byte { return wire.EncodeWorkflow(text, "", nil) },
		"a travel request": wire.EncodeRequestComment,
	} {
		var sent struct{ Comment string }
		require.NoError(t, json.Unmarshal(encode("a\x00\x0bé😀\uFFFE\xff\nb"), &sent), name)
		require.Equal(t, "aé😀\nb", sent.Comment, "what XML cannot carry is dropped here, too")
		require.NoError(t, json.Unmarshal(encode(strings.Repeat("é", 2001)), &sent), name)
		require.Equal(t, 2000, utf8.RuneCountInString(sent.Comment))
		require.True(t, strings.HasSuffix(sent.Comment, "é…"))
	}
}

func TestEncodeExceptionV4(t *testing.T) {
	t.Parallel()
	require.Equal(t, `{"exceptionCode":"LATE","exceptionVisibility":"ALL"}`, string(wire.EncodeExceptionV4("LATE", expense.VisibleToAll)))
}

const heldJSON = `[
	{"exceptionCode": "ITEMDIFF", "exceptionVisibility": "ALL", "isBlocking": true, "message": "Jo's amounts", "allocationId": null, "expenseId": "E1", "parentExpenseId": null},
	{"exceptionCode": "MISSALLOCREQFLD", "exceptionVisibility": "NEW", "isBlocking": false, "allocationId": "A1", "expenseId": "E2", "parentExpenseId": "E0"},
	{"exceptionCode": "LATE", "allocationId": "", "expenseId": null}]`

func TestDecodeExceptionsV4(t *testing.T) {
	t.Parallel()
	held, err := wire.DecodeExceptionsV4([]byte(heldJSON))
	require.NoError(t, err)
	require.Equal(t, []expense.ExistingException{
		{Exception: expense.Exception{ObjectType: expense.OnEntry, ObjectID: "E1", Code: "ITEMDIFF", Visibility: expense.VisibleToAll}, Blocking: true, ExpenseID: "E1"},
		{Exception: expense.Exception{ObjectType: expense.OnAllocation, ObjectID: "A1", Code: "MISSALLOCREQFLD", Visibility: "NEW"}, ExpenseID: "E2"},
		{Exception: expense.Exception{ObjectType: expense.OnReport, Code: "LATE"}},
	}, held)
	held, err = wire.DecodeExceptionsV4([]byte(`[]`))
	require.NoError(t, err)
	require.Empty(t, held)
	for _, body := range []string{``, `{}`, `null`, `[{"exceptionVisibility": "ALL"}]`, `[{"exceptionCode": "A", "isBlocking": "perhaps"}]`, `["A"]`, `[{"exceptionCode": "A"`} {
		_, err := wire.DecodeExceptionsV4([]byte(body))
		require.ErrorContains(t, err, "the exceptions of the report cannot be read: ", body)
	}
}

func TestDecodeComments(t *testing.T) {
	t.Parallel()
	comments, err := wire.DecodeComments([]byte(`[
		{"author": {"firstName": "Ada"}, "creationDateTime": "2026-07-12T11:51:14.000Z", "isLatest": true, "value": "of a request\n"},
		{"author": {"firstName": "Ada"}, "creationDate": "2026-07-11", "comment": "of a report", "createdForEmployeeId": "u1", "expenseId": null},
		{"comment": "of an expense", "expenseId": "E1"}]`))
	require.NoError(t, err)
	require.Equal(t, []wire.Comment{{Text: "of a request", Created: "2026-07-12T11:51:14Z", Latest: true}, {Text: "of a report", Created: "2026-07-11", ExpenseKnown: true}, {Text: "of an expense", ExpenseID: "E1", ExpenseKnown: true}}, comments)
	comments, err = wire.DecodeComments([]byte(`{"commentDetails": [{"comment": "as the schema has it"}]}`))
	require.NoError(t, err)
	require.Equal(t, []wire.Comment{{Text: "as the schema has it"}}, comments)
	_, err = wire.DecodeComments([]byte(`{"comment": "x"}`))
	require.Error(t, err)
}

func TestUsers(t *testing.T) {
	t.Parallel()
	var sent struct {
		Schemas, Attributes []string
		Filter              string
	}
	require.NoError(t, json.Unmarshal(wire.EncodeUserSearch(`a"b\c" or userName pr or "<é>@x`), &sent))
	require.Equal(t, `userName eq "a\"b\\c\" or userName pr or \"<é>@x"`, sent.Filter, "a quote stays inside the text")
	require.Equal(t, []string{"urn:ietf:params:scim:api:messages:concur:2.0:SearchRequest"}, sent.Schemas)
	require.Equal(t, []string{"id", "userName"}, sent.Attributes)

	users, more, err := wire.DecodeUsers([]byte(`{"schemas": [], "totalResults": 2, "Resources": [{"id": "u1", "userName": "a@x", "active": true}, {"id": "u2"}], "nextCursor": "c"}`))
	require.NoError(t, err)
	require.Equal(t, []wire.User{{ID: "u1", Login: "a@x"}, {ID: "u2"}}, users)
	require.True(t, more)
	for _, nobody := range []string{`{"totalResults": 0, "Resources": []}`, `{"totalResults": 0}`, `{"totalResults": "0", "Resources": null}`} {
		users, more, err = wire.DecodeUsers([]byte(nobody))
		require.NoError(t, err, nobody)
		require.Empty(t, users)
		require.False(t, more)
	}
	for _, body := range []string{``, `[]`, `{}`, `{"totalResults": 3}`, `{"Resources": [{"id": ["secret"]}]}`} {
		_, _, err := wire.DecodeUsers([]byte(body))
		require.ErrorContains(t, err, "the list of users cannot be read: ", body)
		require.NotContains(t, err.Error(), "secret")
	}
	user, err := wire.DecodeUser([]byte(`{"id": "u1", "userName": "a@x"}`))
	require.NoError(t, err)
	require.Equal(t, wire.User{ID: "u1", Login: "a@x"}, user)
	_, err = wire.DecodeUser([]byte(`{"userName": "secret"}`))
	require.EqualError(t, err, "the user cannot be read: it has no ID")
}

func TestDecodeListItem(t *testing.T) {
	t.Parallel()
	item, err := wire.DecodeListItem([]byte(`{"id": "63b7fbd9-ae08-0840-abdb-62b0b9160081", "code": "ITEM-SECOND", "shortCode": "SECOND", "value": "Second item", "parentId": null, "level": 2, "isDeleted": false, "lists": []}`))
	require.NoError(t, err)
	require.Equal(t, expense.Field{Value: "Second item", Code: "SECOND", ListItem: "63b7fbd9-ae08-0840-abdb-62b0b9160081", Valid: new(true)}, item)
	item, err = wire.DecodeListItem([]byte(`{"id": "x", "code": "ONLY", "isDeleted": true}`))
	require.NoError(t, err)
	require.Equal(t, expense.Field{Code: "ONLY", ListItem: "x", Valid: new(false)}, item)
	for _, more := range []string{`"level": 2`, `"parentId": "7c6d0435"`} {
		item, err = wire.DecodeListItem([]byte(`{"id": "x", "code": "ITEM-SECOND", "value": "Second item", ` + more + `}`))
		require.NoError(t, err)
		require.Equal(t, expense.Field{Value: "Second item", ListItem: "x"}, item, "the code is its parent's, too")
	}
	for _, body := range []string{`[]`, `{}`, `{"id": "x"}`, `{"code": "x"}`, `{"id": "x", "code": "y", "isDeleted": "maybe"}`} {
		_, err := wire.DecodeListItem([]byte(body))
		require.ErrorContains(t, err, "the list item cannot be read: ", body)
	}
}

func FuzzDecodeV4(f *testing.F) {
	f.Add([]byte(heldJSON))
	f.Add([]byte(`{"totalResults": 1, "Resources": [{"id": "u1", "userName": "a@x"}], "nextCursor": "c"}`))
	f.Add([]byte(`{"content": [{"id": "x", "shortCode": "y", "isDeleted": 1}]}`))
	f.Add([]byte(`[{"value": "x", "isLatest": true, "author": {}}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if held, err := wire.DecodeExceptionsV4(body); err == nil {
			for _, e := range held {
				require.NotEmpty(t, e.Code)
				require.Equal(t, e.ObjectType == expense.OnReport, e.ObjectID == "")
			}
		}
		_, _, _ = wire.DecodeUsers(body)
		_, _ = wire.DecodeUser(body)
		_, _ = wire.DecodeComments(body)
		if item, err := wire.DecodeListItem(body); err == nil {
			require.NotEmpty(t, item.Code+item.Value)
		}
	})
}
