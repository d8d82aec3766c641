package concur_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

// usable are arguments that every method of a client accepts which takes a context.
func usable(row concur.PendingReport) map[string][]any {
	e := held(expense.OnReport, "", "", "LATE")
	v4 := []any{ownerUUID, reportID}
	onExpense := []any{ownerUUID, reportID, "E1"}
	return map[string][]any{
		"EnsureToken": {}, "AnyReport": {}, "ReplaceTokens": {}, "Revoke": {},
		"AllFailedNotifications": {func() func(concur.FailedItem) error { return func(concur.FailedItem) error { return nil } }},
		"FailedNotifications":    {func(concur.FailedItem) error { return nil }},
		"PendingReports":         {"", func(concur.PendingReport, error) error { return nil }},
		"PendingRequests":        {"", func(expense.TravelRequest, error) error { return nil }},
		"ReadReport":             {objectURI, concur.ReadOptions{Via: expense.V4}},
		"ReadRequest":            {requestURI, concur.ReadOptions{}},
		"ReportURI":              {row}, "RequestURI": {requestID}, "PolicyV3": {objectURI},
		"EntriesV3": {reportID, userLogin}, "ItemizationsV3": {reportID, userLogin}, "AllocationsV3": {reportID},
		"ExpensesV4": v4, "CommentsV4": v4, "ExceptionsV4": {reportID},
		"ExpenseV4": onExpense, "ItemizationsV4": onExpense, "AllocationsV4": onExpense, "AttendeesV4": onExpense, "ExpenseCommentsV4": onExpense,
		"RequestExceptionsV4": {requestID, ownerUUID},
		"UserID":              {userLogin}, "Owner": {ownerUUID}, "ListItem": {"54F0CBD8833CB348BD45A6C7C621C951"},

		"PostExceptionsV1": {reportKey, []expense.Exception{{ObjectType: expense.OnReport, Code: "LATE"}}},
		"TakeActionV1":     {actionURL, expense.Approve, ""}, "DeleteNotification": {entryURI}, "EnsureDeleted": {entryURI},
		"ApproveReportV4": {reportID, "", "", concur.Guard(nil)}, "SendBackReportV4": {reportID, "why", concur.Guard(nil)},
		"PutExceptionV4": {reportID, e}, "DeleteExceptionV4": {reportID, e},
		"ApproveRequestV4": {requestID}, "SendBackRequestV4": {requestID, "why"},
	}
}

// call calls a method of the client, with nil for a nil context, and returns its error.
func call(client *concur.Client, method string, ctx context.Context, args []any) error {
	in := []reflect.Value{reflect.Zero(reflect.TypeFor[context.Context]())}
	if ctx != nil {
		in[0] = reflect.ValueOf(ctx)
	}
	for _, arg := range args {
		in = append(in, reflect.ValueOf(arg))
	}
	out := reflect.ValueOf(client).MethodByName(method).Call(in)
	err, _ := out[len(out)-1].Interface().(error)
	return err
}

func TestAContextThatIsNilOrHasEndedSendsNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t, answering(200, "application/json", fmt.Sprintf(`{"Items": [{"ID": %q, "ApprovalStatusCode": "A_EXTV", "OwnerLoginID": %q}]}`, reportID, userLogin)))
	client := s.client(t)
	row, found, err := client.AnyReport(context.Background())
	require.NoError(t, err)
	require.True(t, found)
	before, tokens := s.count()

	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	late, stop := context.WithDeadline(context.Background(), time.Now().Add(-time.Hour))
	defer stop()
	methods, args := reflect.TypeOf(client), usable(row)
	for i := range methods.NumMethod() {
		method := methods.Method(i)
		if method.Type.NumIn() < 2 || method.Type.In(1) != reflect.TypeFor[context.Context]() {
			continue
		}
		if method.Name == "RenewTokens" { // has no error to return
			var none context.Context
			client.RenewTokens(none, time.Hour)
			continue
		}
		if method.Name == "GrantedSince" { // nor has this
			var none context.Context
			refusal := &concur.Error{Kind: concur.Forbidden, Status: http.StatusForbidden}
			require.False(t, client.GrantedSince(none, refusal))
			require.False(t, client.GrantedSince(cancelled, refusal))
			continue
		}
		with, known := args[method.Name]
		require.True(t, known, "%s has no arguments here", method.Name)
		err := call(client, method.Name, nil, with)
		require.ErrorIs(t, err, concur.InvalidArgument, method.Name)
		require.ErrorContains(t, err, "the context is nil", method.Name)
		err = call(client, method.Name, cancelled, with)
		require.ErrorIs(t, err, concur.Interrupted, method.Name)
		require.ErrorIs(t, err, context.Canceled, method.Name)
		err = call(client, method.Name, late, with)
		require.ErrorIs(t, err, concur.Interrupted, method.Name)
		require.ErrorIs(t, err, context.DeadlineExceeded, method.Name)
	}
	requests, again := s.count()
	require.Equal(t, before, requests)
	require.Equal(t, tokens, again)
}

func TestAMistakeOfTheCallerIsRefusedBeforeAConnectionIsOpened(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newServer(t, nil)
	client := s.client(t)
	for method, with := range usable(concur.PendingReport{}) {
		for i, arg := range with {
			if _, text := arg.(string); !text {
				continue
			}
			switch {
			case (method == "CommentsV4" || method == "ExpenseCommentsV4" || method == "AttendeesV4") && i == 0, // documented: the address that names no user
				method == "PendingReports" || method == "PendingRequests", // "" is the first page
				method == "RequestExceptionsV4" && i == 1,                 // documented: not every token wants one
				method == "TakeActionV1" && i == 2,                        // an approval needs no comment
				method == "ApproveReportV4" && (i == 1 || i == 2),         // nor here
				method == "SendBackRequestV4" && i == 1:                   // Request v4 wants none
				continue
			}
			args := append([]any{}, with...)
			args[i] = ""
			require.ErrorIs(t, call(client, method, ctx, args), concur.InvalidArgument, "%s, argument %d", method, i)
		}
	}
	reading := func(uri string, via expense.Interface) error {
		_, err := client.ReadReport(ctx, uri, concur.ReadOptions{Via: via})
		return err
	}
	readRequest := func(uri string) error {
		_, err := client.ReadRequest(ctx, uri, concur.ReadOptions{})
		return err
	}
	posting := func(e expense.Exception) error {
		_, err := client.PostExceptionsV1(ctx, reportKey, []expense.Exception{{ObjectType: expense.OnReport, Code: "LATE"}, e})
		return err
	}
	_, noRow := client.ReportURI(ctx, concur.PendingReport{})
	for what, err := range map[string]error{
		"a travel request that is read as a report":            reading(requestURI, ""),
		"a travel request that is read as a report by v3":      reading(requestURI, expense.V3),
		"a travel request that is read as a report by v4":      reading(requestURI, expense.V4),
		"a report that is read as a travel request":            readRequest(objectURI),
		"an interface of another name":                         reading(objectURI, "v5"),
		"an interface that reads no report by its address":     reading(objectURI, expense.V2),
		"no comment when a report is sent back by v1.1":        client.TakeActionV1(ctx, actionURL, expense.SendBack, ""),
		"a comment of spaces when a report is sent back by v4": client.SendBackReportV4(ctx, reportID, " \t\n", nil),
		"no action":                         client.TakeActionV1(ctx, actionURL, "", "x"),
		"a guard of an unknown field":       client.ApproveReportV4(ctx, reportID, "", "", concur.Guard{"expectedStepcode": "X"}),
		"a guard without a value":           client.SendBackReportV4(ctx, reportID, "x", concur.Guard{"expectedStepCode": ""}),
		"a guard that is checked":           concur.CheckGuard(concur.Guard{"x": "y"}),
		"an exception without a code":       posting(expense.Exception{ObjectType: expense.OnReport}),
		"an exception of a space":           posting(expense.Exception{ObjectType: expense.OnReport, Code: " "}),
		"an exception on no kind of object": posting(expense.Exception{Code: "LATE"}),
		"an exception on no entry":          posting(expense.Exception{ObjectType: expense.OnEntry, Code: "LATE"}),
		"an exception without a code by v4": client.PutExceptionV4(ctx, reportID, held(expense.OnReport, "", "", "")),
		"a row of no list":                  noRow,
		"a field that holds no URL":         client.CheckURL("ReceiptImageUrl", objectURI),
	} {
		require.ErrorIs(t, err, concur.InvalidArgument, what)
		require.NotContains(t, err.Error(), reportKey, what)
	}
	requests, tokens := s.count()
	require.Zero(t, requests+tokens)
}

func TestOptionsThatCannotBeRightAreTheCallersMistake(t *testing.T) {
	t.Parallel()
	_, err := concur.New(concur.Options{})
	require.ErrorIs(t, err, concur.InvalidArgument)
	for _, missing := range []string{"the client ID is missing", "the client secret is missing", "the refresh token is missing", "the geolocation"} {
		require.ErrorContains(t, err, missing)
	}
	_, err = concur.ReadTokenStore(concur.Options{})
	require.ErrorIs(t, err, concur.InvalidArgument)
	options := newServer(t, nil).options()
	_, err = concur.InitToken(context.Background(), options, "", "")
	require.ErrorIs(t, err, concur.InvalidArgument, "no token store")
	options.TokenFile = filepath.Join(t.TempDir(), "token.json")
	_, err = concur.InitToken(context.Background(), options, "company", "request-token")
	require.ErrorIs(t, err, concur.InvalidArgument)
	_, err = concur.InitToken(context.Background(), options, ownerUUID, "")
	require.ErrorIs(t, err, concur.InvalidArgument)
	_, err = concur.ParseGuard("stepCode=X")
	require.ErrorIs(t, err, concur.InvalidArgument)
	_, err = concur.ParseGuard("X")
	require.ErrorIs(t, err, concur.InvalidArgument)
}

// What Concur says is wrong with a request is Concur's word, and no mistake that was found here.
func TestConcursOwnRefusalIsNoInvalidArgument(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]expense.Kind{400: concur.Rejected, 404: concur.NotFound, 409: concur.Rejected, 422: concur.Rejected} {
		client := newServer(t, answering(status, "application/json", `{"errorMessage":"bad argument"}`)).client(t)
		require.ErrorIs(t, client.ApproveReportV4(context.Background(), reportID, "", "", nil), kind, status)
	}
}

// An identifier that Concur itself has given, and that can be none, is no mistake of the caller's.
func TestAnIDOfConcursThatCannotBeOneIsMalformed(t *testing.T) {
	t.Parallel()
	s := newServer(t, answering(200, "application/json", fmt.Sprintf(`{"Items": [{"ID": %q, "ApprovalStatusCode": "A_EXTV", "OwnerLoginID": %q}]}`, reportID, strings.Repeat("x", 400))))
	client := s.client(t)
	row, _, err := client.AnyReport(context.Background())
	require.NoError(t, err)
	_, err = client.ReportURI(context.Background(), row)
	require.ErrorIs(t, err, concur.Malformed)
	require.NotErrorIs(t, err, concur.InvalidArgument)
}

func TestAReadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, half := range map[string]string{"before the answer begins": "", "in the middle of the answer": "<ReportDetails><Rep"} {
		for _, method := range []string{"ReadReport", "FailedNotifications", "PendingReports", "ReadRequest"} {
			t.Run(method+" "+name, func(t *testing.T) {
				t.Parallel()
				started := make(chan struct{}, 1)
				client := newServer(t, func(w http.ResponseWriter, r *http.Request) {
					if half != "" {
						w.Header().Set("Content-Type", "application/xml")
						fmt.Fprint(w, half)
						w.(http.Flusher).Flush()
					}
					started <- struct{}{}
					never(w, r)
				}).client(t)
				ctx, cancel := context.WithCancel(context.Background())
				go func() {
					<-started
					cancel()
				}()
				err := call(client, method, ctx, usable(concur.PendingReport{})[method])
				require.ErrorIs(t, err, concur.Interrupted)
				require.ErrorIs(t, err, context.Canceled)
				require.NotErrorIs(t, err, concur.Unavailable)
			})
		}
	}
	t.Run("at its deadline", func(t *testing.T) {
		t.Parallel()
		client := newServer(t, never).client(t)
		ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
		defer cancel()
		_, err := client.ReadReport(ctx, objectURI, concur.ReadOptions{})
		require.ErrorIs(t, err, concur.Interrupted)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestAWriteThatWasSentIgnoresItsContext(t *testing.T) {
	t.Parallel()
	answers := map[string]http.HandlerFunc{
		"PostExceptionsV1":   answering(200, "application/xml", `<exception-result><exceptions-succeeded>1</exceptions-succeeded><exceptions-failed>0</exceptions-failed></exception-result>`),
		"TakeActionV1":       answering(200, "application/xml", successXML),
		"DeleteNotification": answering(200, "", ""),
		"ApproveReportV4":    answering(204, "", ""), "SendBackReportV4": answering(204, "", ""),
		"PutExceptionV4": answering(204, "", ""), "DeleteExceptionV4": answering(204, "", ""),
		"ApproveRequestV4":  answering(200, "application/json", fmt.Sprintf(travelJSON, "APPROVED")),
		"SendBackRequestV4": answering(200, "application/json", fmt.Sprintf(travelJSON, "SENTBACK")),
	}
	for method, answer := range answers {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			args := usable(concur.PendingReport{})[method]
			ctx, cancel := context.WithCancel(context.Background())
			client := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				cancel()
				answer(w, r)
			}).client(t)
			require.NoError(t, call(client, method, ctx, args))
		})
		t.Run(method+" until the answer limit", func(t *testing.T) {
			t.Parallel()
			args := usable(concur.PendingReport{})[method]
			ctx, cancel := context.WithCancel(context.Background())
			client := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				cancel()
				never(w, r)
			}).client(t, func(o *concur.Options) { o.RequestTimeout = time.Second })
			err := call(client, method, ctx, args)
			require.ErrorIs(t, err, concur.OutcomeUnknown)
			require.NotErrorIs(t, err, context.Canceled, "it is the client's limit that has ended it")
		})
	}
}
