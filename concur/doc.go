// Package concur is a client of SAP Concur for one company. It reads expense reports and travel
// requests, posts exceptions on reports, approves reports and requests or sends them back, and
// reads and cleans the list of the notifications that Concur could not deliver.
//
// It uses the interfaces v1.1 (XML), v3 and v4 (JSON). All of them return the same types,
// [expense.Report] and [expense.TravelRequest]. Amounts are exact decimals. No type names a
// person.
//
// # A first program
//
// A client needs the base URL that came with the company's refresh token, the
// application's ID and secret, and the refresh token, or a file in which it keeps its
// tokens:
//
//	client, err := concur.New(concur.Options{
//		Geolocation:  "https://us2.api.concursolutions.com",
//		ClientID:     "...",
//		ClientSecret: "...",
//		TokenFile:    "/var/lib/app/concur-tokens.json", // begun with a RefreshToken
//		RefreshToken: "...",
//	})
//	if err != nil {
//		return err // one error that says everything that is wrong
//	}
//	defer client.Close()
//
//	read, err := client.ReadReport(ctx, objectURI, concur.ReadOptions{
//		Via: expense.V4, Parts: expense.AllParts,
//	})
//	if err != nil {
//		return err
//	}
//	for _, entry := range read.Report.Entries {
//		fmt.Println(entry.Type, entry.Posted)
//	}
//
// [New] opens no connection. A refresh returns a new refresh token, which must not be lost. So
// the client writes it to the token file before it uses it. Several processes may share the
// file.
//
// # Which interface to read by
//
// [Client.ReadReport] takes the address that Concur's callout or event names, and reads a
// report as a whole:
//
//   - [expense.V1]: one request. The callout names a report by its v1.1 key, which no other
//     interface knows. The currency of a payment is a name, not a code.
//   - [expense.V3]: a few requests for each hundred entries. Currencies are codes, and
//     list fields have their codes. It says only whether there are attendees and comments.
//     If [expense.Parts] asks for their numbers, the client asks v4; otherwise a number that
//     is not zero is absent. The user needs the role Web Services Administrator.
//   - [expense.V4]: requests for each entry, which [expense.Parts] limits. List fields
//     hold the identifier of an item, which [Client.ListItem] resolves. Concur grants v4
//     to each application.
//
// v3 and v4 ask for a report by its ReportId and its owner. Both are in its v1.1 details,
// which are read once for each report and cached. For v4 the client looks the owner's UUID up
// ([Client.UserID]). With [ReadOptions].Fallback the client reads a report by v1.1 if v3 or v4
// refuses to show it, and [Read].FallbackReason says so.
//
// Package expense describes the result ([expense.Report], [expense.Entry], [expense.Money]).
// Amounts, booleans and counts that Concur did not give are nil, and never zero or false. Dates
// are texts in ISO form. [expense.Interface.Tells] has a table of the fields that each interface
// gives.
//
// # Concur's endpoints and the methods that call them
//
// A method whose name ends in V1, V3 or V4 makes one request to that interface, or one for each
// page of the answer. Rows that only one interface has are types of package concur/wire, and each
// embeds a type of package expense.
//
//   - Report Details v1.1, and the headers of v3 and v4: [Client.ReadReport] (the list is
//     [Client.PendingReports])
//   - Expense Entries, Itemizations, Allocations v3: [Client.EntriesV3],
//     [Client.ItemizationsV3], [Client.AllocationsV3]
//   - Expenses, Allocations, Attendee Associations, Comments v4: [Client.ExpensesV4],
//     [Client.ExpenseV4], [Client.ItemizationsV4], [Client.AllocationsV4],
//     [Client.AttendeesV4], [Client.CommentsV4]
//   - Post Report Exceptions and Post Report Workflow Action v1.1:
//     [Client.PostExceptionsV1], [Client.TakeActionV1]
//   - Exceptions v4: [Client.ExceptionsV4], [Client.PutExceptionV4],
//     [Client.DeleteExceptionV4]
//   - Workflows v4: [Client.ApproveReportV4], [Client.SendBackReportV4]
//   - Travel Request v4: [Client.ReadRequest] (the list is [Client.PendingRequests]),
//     [Client.RequestExceptionsV4], [Client.ApproveRequestV4], [Client.SendBackRequestV4]
//   - Identity v4.1: [Client.UserID] (the search), [Client.Login] (one user)
//   - List Items v4: [Client.ListItem]
//   - Notifications v1.0: [Client.FailedNotifications], [Client.DeleteNotification]
//
// The users in v4 paths are UUIDs, and the user is always the report's owner; the logins
// of v3 are that owner's, too.
//
// Without callouts the reports that wait are found by [Client.PendingReports]:
// [Client.ReportURI] makes of each row the address that [Client.ReadReport] takes.
//
// # Reading and acting go in pairs
//
// v4 does not know the identifiers of v1.1. So act on a report by the interface that has read
// it, which [expense.Report].Via names:
//
//   - read by v1.1: [Client.PostExceptionsV1] with the report's Key and the entries' IDs,
//     and [Client.TakeActionV1] with its ActionURL, which is of the workflow step;
//   - read by v3 or v4: [Client.ExceptionsV4], [Client.PutExceptionV4] and
//     [Client.DeleteExceptionV4], and [Client.ApproveReportV4] or
//     [Client.SendBackReportV4], with the report's ID and a [Guard]. The ID of an entry read
//     by v3 is the one that v4 takes, where Concur gives it; those of itemizations and
//     allocations are v3's own, and v4 does not know them.
//
// No write can be repeated safely. Read the report first, and write only if
// [Read.SameValidation] says that it still waits at the same validation step with the same
// content. After an error of kind [OutcomeUnknown] read it again before anything else. The
// connector's own exceptions may change what is compared: after the last one read again, and
// compare later reads with that read.
//
// The action URL of v1.1 names the workflow step, so that an action by v1.1 happens at that
// step or not at all. An action by v4 happens at whatever step the report has reached, if
// the guard fits. The guard that fits most companies, expectedStepCode=EXTVAL, fits every
// classic external validation. If a company has two of them, a report may move from the first to
// the second between the read and the action. The action then approves it at the second, which
// nobody has evaluated. [ReadOptions].Steps makes that gap small. Only a guard that names one
// step closes it. Travel requests are read with
// [Client.ReadRequest], which takes the address of an event or of [Client.RequestURI], and
// acted on with [Client.ApproveRequestV4] or [Client.SendBackRequestV4]. Concur takes no
// exceptions from the connector on them: the reasons go into the comment.
//
// # Errors
//
// Every error of a request is an [*Error] with a kind that says what may be done about
// it, and errors.Is compares with the kind:
//
//	switch {
//	case errors.Is(err, concur.NotFound): // it is gone
//	case errors.Is(err, concur.Unavailable), errors.Is(err, concur.RateLimited): // later; Error.RetryAfter says when
//	case errors.Is(err, concur.Interrupted): // the context has ended; errors.Is finds its error, too
//	case errors.Is(err, concur.InvalidArgument): // an argument is wrong; nothing was sent
//	case errors.Is(err, concur.NotWaiting): // the report is at another step; read it again
//	case errors.Is(err, concur.Forbidden): // a role or scope is missing, and named
//	case errors.Is(err, concur.Malformed): // the answer cannot be represented
//	}
//
// An error holds no token, no URL and no body, and may be logged. Its CorrelationID is
// what Concur's support asks for.
//
// # Contexts and writes
//
// A read ends when its context ends. A write ends, too, while it waits for the rate limit or for
// a token; nothing was sent then. A write that was sent ignores the context until Concur has
// answered, at most for [Options].RequestTimeout, because the caller must know whether it took
// effect. A caller that cannot wait so long calls it in a goroutine and keeps the result. A nil
// context is an error of kind [InvalidArgument].
//
// # What it does not do
//
// It does not retry, with two exceptions. It refreshes an access token that Concur refuses,
// once. It sends a path with a stray percent sign that Concur refuses again, once, with the sign
// escaped. In both cases the refusal proves that nothing was done. (If a kept connection is
// closed just as a read is sent, net/http sends the read on a new one.)
//
// The access token goes to one host, the token's own geolocation, and only when that is
// on an exact allow-list. From a URL that came from outside the client uses only path and query,
// after it has checked them. It follows no redirects.
//
// To try a program against a server of its own, without a connection to Concur, name its host in [Options].TrustedHosts and its certificate in RootCAs; the examples do.
//
// Names, logins and UUIDs of people, attendees, cards, bank accounts and links to images
// do not leave the package, but for what [Client.UserID] and [Client.Login] return.
package concur
