// Package concur is a client of SAP Concur for one company: it reads expense reports and
// travel requests, posts exceptions on them, passes them on or sends them back, and tends
// the list of the notifications that Concur could not deliver. It speaks the classic
// interfaces (v1.1, XML) and the newer ones (v3 and v4, JSON), and gives the same
// types whichever was asked: [expense.Report] and [expense.TravelRequest], whose amounts
// are exact decimals and which name nobody.
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
// [New] opens no connection. A refresh gives a new refresh token, which must not be lost:
// with a token file, which several processes may share, it is written down before it is
// used.
//
// # Which interface to read by
//
// [Client.ReadReport] takes the address that Concur's callout or event names, and reads a
// report as a whole:
//
//   - [expense.V1]: one request. The callout names a report by its v1.1 key, and the key
//     is of use nowhere else. The currency of what was paid is only named, in words.
//   - [expense.V3]: a few requests for each hundred entries. Currencies are codes, and
//     list fields have their codes. Of attendees and comments it says only whether there
//     are any: with [expense.Parts] for them v4 is asked how many, and without, a count that
//     is not zero is absent. Its user needs the role Web Services Administrator.
//   - [expense.V4]: requests for each entry, which [expense.Parts] limits. List fields
//     hold the identifier of an item, which [Client.ListItem] resolves. Concur grants v4
//     to each application.
//
// v3 and v4 ask for a report by its ReportId and its owner. Both are in its v1.1 details,
// which are read once for each report and remembered; v4 looks the owner's UUID up
// ([Client.UserID]). With [ReadOptions].Fallback a report that the newer interface refuses
// to show is read by v1.1, and [Read].FallbackReason says so.
//
// What it gives, package expense describes ([expense.Report], [expense.Entry],
// [expense.Money]): amounts, booleans and counts that Concur did not tell are nil, and never
// zero or false; dates are texts in ISO form, and codes that nobody documents are data.
// [expense.Interface.Tells] has a table of which interface tells what.
//
// # Concur's endpoints, and the methods that ask them
//
// A method whose name ends in V1, V2, V3 or V4 makes one request to an interface of that
// generation (or one for each page of its answer). Rows that only one interface has are
// types of package concur/wire, which holds a type of package expense each.
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
// Identifiers of v1.1 mean nothing to v4. What is done with a report goes by the
// generation by which it was read, which [expense.Report].Via names:
//
//   - read by v1.1: [Client.PostExceptionsV1] with the report's Key and the entries' IDs,
//     and [Client.TakeActionV1] with its ActionURL, which is of the workflow step;
//   - read by v3 or v4: [Client.ExceptionsV4], [Client.PutExceptionV4] and
//     [Client.DeleteExceptionV4], and [Client.ApproveReportV4] or
//     [Client.SendBackReportV4], with the report's ID and a [Guard]. The ID of an entry read
//     by v3 is the one that v4 takes, where Concur gives it; those of itemizations and
//     allocations are v3's own, and v4 does not know them.
//
// Nothing that writes can be repeated safely. Read the report first, write only while
// [Read.SameValidation] says that it waits where it was judged and is what was judged, and after an error of kind
// [OutcomeUnknown] read it again before anything else. An exception of your own may change
// what is compared: after the last one read again, and compare from then on with that.
//
// The action URL of v1.1 names the workflow step, so that an action by v1.1 happens at that
// step or not at all. An action by v4 happens at whatever step the report has reached, if
// the guard fits. The guard that fits most companies, expectedStepCode=EXTVAL, fits every
// classic external validation: where a company has two of them, a report that has moved
// from the first to the second between the read and the action is passed on at the second,
// which nobody has judged. [ReadOptions].Steps makes that gap as small as it can be, and
// nothing closes it but a guard that names one step. Travel requests are read with
// [Client.ReadRequest], which takes the address of an event or of [Client.RequestURI], and
// acted on with [Client.ApproveRequestV4] or [Client.SendBackRequestV4]. Concur takes no
// exceptions of ours on them: the reasons go into the comment.
//
// # Errors
//
// Every error of a request is an [*Error] with a kind that says what may be done about
// it, and errors.Is compares with the kind:
//
//	switch {
//	case errors.Is(err, concur.NotFound): // it is gone
//	case errors.Is(err, concur.Unavailable), errors.Is(err, concur.RateLimited): // later; Error.RetryAfter says when
//	case errors.Is(err, concur.Interrupted): // our own context has ended; errors.Is finds its error, too
//	case errors.Is(err, concur.InvalidArgument): // we passed what cannot be right; nothing was sent
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
// A read ends when its context does. A write that waits for its turn or for a token ends, too,
// and nothing was sent then. Once it is sent it ignores the context until Concur has answered,
// at most for [Options].RequestTimeout: what was sent cannot be unsent, and whether it took
// effect must be known. A caller that must not wait so long calls it in a goroutine of its own,
// and keeps the result. A nil context is of kind [InvalidArgument].
//
// # What it does not do
//
// It does not retry, with two exceptions: an access token that Concur refuses is refreshed
// once, and a path with a stray percent sign that Concur refuses is sent once more with
// the sign escaped. In both cases the refusal proves that nothing was done. (A read that
// meets a kept connection just as it is closed is sent on a new one by net/http.)
//
// The access token goes to one host, the token's own geolocation, and only when that is
// on an exact allow-list. URLs that came from outside are checked, and then lend their
// path and query only. Redirects are not followed.
//
// A program is tried against a server of its own, without a connection to Concur, by
// naming its host in [Options].TrustedHosts and its certificate in RootCAs; the examples do.
//
// Names, logins and UUIDs of people, attendees, cards, bank accounts and links to images
// do not leave the package, but for what [Client.UserID] and [Client.Login] return.
package concur
