package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mainGuards are the guards that every test run removes, one of each kind. GUARDS=all
// removes every guard, as bash .ci/run does.
var mainGuards = []string{
	"the read before an action",
	"the status in the body of a 200 answer",
	"the allow-list of hosts",
	"the unknown outcome of an earlier attempt",
	"the run's record of permitted writes",
	"the comparison of entries with Concur's count and total",
	"the contradiction between two names of a step",
	"the notification that is unread at the end",
}

// guards are pieces of code, their replacements, and the stories that must fail with the
// replacements.
var guards = map[string]struct {
	file, with, without, story string
	via                        string // the interface by which the story is played; empty: v1.1
}{
	"the single form of an expense's identifiers": {
		file: "concur/wire/text.go", story: "unordered",
		with: "return strings.ToUpper(strings.ReplaceAll(text, \"-\", \"\"))", without: "return text",
	},
	"the fixed order of entries in a revision": {
		file: "expense/report.go", story: "unordered",
		with: "\tc.Entries = inOrder(c.Entries)\n", without: "",
	},
	"the comments of each expense by v3": {
		file: "concur/report_v3.go", story: "unordered",
		with: "if !placed {", without: "if false {",
	},
	"the seal of a decision": {
		file: "approvals/approvers/seal.go", story: "approval-rules",
		with: "known = hmac.Equal(given, mac(key, d)) || known", without: "known = len(given) > 0 && len(key) > 0",
	},
	"the own report of an approver": {
		file: "approvals/approvers/person.go", story: "approval-rules",
		with: "if one == key {", without: "if one == \"never\" {",
	},
	"the membership of who decides": {
		file: "approvals/approvers/person.go", story: "approval-rules",
		with: "if principal.in(g.Group) && ", without: "if ",
	},
	"the read before an action": {
		file: "activities/write.go", story: "moved-before-the-action",
		with: "\tcase out.Kind != \"\": // the report has left its validation step\n\t\treturn out, nil\n\tcase unsent == 0:\n\t\tout.made, out.unknown = true, !w.repeatable\n\t\treturn out, nil\n" +
			"\tcase w.changed(out.found, first):",
		without: "\tcase out.Kind == \"never\":",
	},
	"the status in the body of a 200 answer": {
		file: "concur/report_v1.go", story: "rejected",
		with:    "if err == nil && !ok {",
		without: "if false && !ok {",
	},
	"the allow-list of hosts": {
		file: "concur/url.go", story: "untrusted-object",
		with:    "if !h.contains(u.Host) {",
		without: "if false && !h.contains(u.Host) {",
	},
	"the check of the header before a first attempt": {
		file: "activities/write.go", story: "moved-before-the-action",
		with:    "\t\treturn !now.at(w.validationID, w.attempt)\n",
		without: "\t\treturn !first && !now.at(w.validationID, w.attempt)\n",
	},
	"the check of the header before a second attempt": {
		file: "activities/write.go", story: "moved-unseen",
		with:    "\t\treturn !now.at(w.validationID, w.attempt)\n",
		without: "\t\treturn first && !now.at(w.validationID, w.attempt)\n",
	},
	"the new access token after a forbidden write": {
		file: "activities/write.go", story: "scope-missing",
		with:    "if !a.options.Concur.GrantedSince(context.WithoutCancel(ctx), refusal) {",
		without: "if true {", via: "v4",
	},
	"the comment that Concur requires for rejected expenses": {
		file: "activities/action.go", story: "rejected-expense",
		with:    "if rejectedComment == \"\" && in.ExpenseRejectedComment != \"\" &&",
		without: "if rejectedComment == \"never\" &&",
	},
	"the default comment of a person's approval": {
		file: "workflows/decide.go", story: "comment-required",
		with:    "firstReadable(result.Comment, verdict.ApproveComment)",
		without: "result.Comment",
	},
	"the status of a travel request": {
		file: "expense/standing.go", story: "travel-request-unclear",
		with:    "\towner := x.stepOwner(r.StatusName)\n",
		without: "\towner := connector\n",
	},
	"the operations of a travel request": {
		file: "expense/standing.go", story: "travel-request-unclear",
		with:    "\t\tcase offered, r.Operations == nil && x.WithoutOperations:",
		without: "\t\tcase offered, r.Operations == nil:",
	},
	"the check of the header before exceptions are put": {
		file: "activities/write.go", story: "moved-before-the-action",
		with:    "\tcase first || w.action != nil:\n",
		without: "\tcase w.action == nil:\n\t\treturn false\n\tcase first || w.action != nil:\n",
	},
	"the check of the header after the run's own exceptions": {
		file: "activities/exceptions_v4.go", story: "decision-outlives-exceptions",
		with:    "\tposted.HeaderHash, posted.MayHaveMoved = now.HeaderHash, !now.at(in.ValidationID, in.Attempt)\n\treturn posted, nil\n",
		without: "\treturn posted, nil\n",
	},
	"the parking of a report at an ambiguous step": {
		file: "activities/fetch.go", story: "ambiguous-step",
		with:    "\tcase found.dryRunReason == \"\" && !a.options.ActOnAmbiguousStep && a.ambiguousStep(report, rules):",
		without: "\tcase found.dryRunReason == \"never\":",
	},
	"the comparison of a report with the evaluated content": {
		file: "concur/read.go", story: "edited-unseen",
		with:    "\treturn r.SameContent(before) && r.Validation",
		without: "\treturn r.Validation",
	},
	"the full read after a wait": {
		file: "activities/read.go", story: "travel-request-edited",
		with:    "now.Compares(before) || !evaluated.ApproverAsked &&",
		without: "now.Compares(before) || true ||",
	},
	"the wait until a write is visible": {
		file: "activities/visible.go", story: "visible-late",
		with:    "if err != nil || visible || left <= 0 {",
		without: "if err != nil || visible || left <= 0 || true {",
	},
	"the second read of a report after an action": {
		file: "workflows/read.go", story: "visible-late",
		with:    "read.ValidationID == r.Writes.ActedAtValidation && !read.MayHaveMoved",
		without: "read.ValidationID == \"never\"",
	},
	"the check of the report ID behind another run's address": {
		file: "activities/fetch.go", story: "ambiguous-step-late-callout",
		with:    "\tif in.ReportID != \"\" && found.Report != nil && found.Report.ID != in.ReportID {",
		without: "\tif in.ReportID == \"never\" {",
	},
	"the step that v1.1 shows, before an action by v4": {
		file: "concur/read_report.go", story: "moved-before-the-action",
		with:    "\treturn read.withStep(old), nil\n",
		without: "\treturn read, nil\n",
	},
	"the refusal to follow redirects of a fact service": {
		file: "internal/webhook/client.go", story: "fact-refused",
		with:    "\t\tCheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },\n",
		without: "",
	},
	"the check that a fact service answers for every object": {
		file: "facts/answer.go", story: "fact-refused",
		with:    "missing > 0 {",
		without: "missing > 1000 {",
	},
	"the list of fields that a fact may send": {
		file: "policy/fact.go", story: "fact-only-named-fields",
		with:    "\treturn values, nil\n}",
		without: "\tvalues[\"more\"] = at.key()\n\treturn values, nil\n}",
	},
	"the unknown outcome of an earlier attempt": {
		file: "activities/permit.go", story: "lost-answer",
		with:    "return info.Attempt == 1 &&",
		without: "return info.Attempt != 0 || info.Attempt == 1 &&",
	},
	"the run's record of permitted writes": {
		file: "activities/permit.go", story: "activity-reset",
		with:    "case permitted.Earlier > 0 && p.mayBeFirst:",
		without: "case permitted.Earlier > 1000 && p.mayBeFirst:",
	},
	"the continue-as-new of a run that can permit no more writes": {
		file: "workflows/process.go", story: "retried-for-days",
		with:    "case r.calls.full:",
		without: "case r.calls.full && false:",
	},
	"the name of the activity in its result": {
		file: "workflows/calls.go", story: "completed-by-hand",
		with:    "case err == nil && got.AnswerOf() == c.activity:",
		without: "case err == nil:",
	},
	"the name of the activity in its error": {
		file: "workflows/calls.go", story: "failed-by-hand",
		with:    "return failed, failed.Of == c.activity",
		without: "return failed, true",
	},
	"the check of earlier runs' writes": {
		file: "workflows/permit.go", story: "terminated-while-writing",
		with:    "if here(p) {",
		without: "if here(p) && false {",
	},
	"the send-back limit": {
		file: "activities/send_back_limit.go", story: "send-back-limit-at-once",
		with:    "if err != nil || answer.Reason == \"\" {",
		without: "if err != nil || answer.Reason != \"never\" {",
	},
	"the skipped writes of a dry run": {
		file: "activities/writes.go", story: "dry-run",
		with:    "case w.Mode == WritesDryRun:\n\t\treturn expense.DryRunMode\n\t}\n\treturn \"\"",
		without: "}\n\treturn \"\"",
	},
	"the record of the exception that approves a report": {
		file: "activities/approve.go", story: "approve-by-exception-stays",
		with:    "\t\treturn now, in.AlreadyPosted, nil\n",
		without: "\t\treturn now, false, nil\n",
	},
	"the comparison of entries with Concur's count and total": {
		file: "concur/wire/report_v1.go", story: "incomplete",
		with:    "if missing := reader.report.MissingEntries(reader.counts...); missing != \"\" {",
		without: "if missing := reader.report.MissingEntries(reader.counts...); missing == \"never\" {",
	},
	"the allocations of a report without allocated entries, by v3": {
		file: "concur/report_v3.go", story: "not-allocated",
		with:    "if parts.Allocations && len(rows) > 0 {",
		without: "if parts.Allocations && slices.ContainsFunc(rows, func(e wire.EntryV3) bool { return e.Allocated }) {",
	},
	"the allocations of an expense that is not allocated, by v4": {
		file: "concur/report_v4.go", story: "not-allocated",
		with:    "\tif !parts.Allocations {",
		without: "\tif !parts.Allocations || !e.Allocated {",
	},
	"the code of a deleted list item": {
		file: "activities/fetch.go", story: "list-item-deleted",
		with:    "\t\tcase errors.Is(err, concur.NotFound):",
		without: "\t\tcase errors.Is(err, concur.NotFound), item.Valid != nil && !*item.Valid:",
	},
	"the error for an unknown code": {
		file: "policy/vocabulary.go", story: "list-item-deleted",
		with:    "if name == \"code\" && codeUnknown ||",
		without: "if name == \"never\" && codeUnknown ||",
	},
	"the comparison of entries with the total, by v3": {
		file: "concur/read_report.go", story: "incomplete-by-v3",
		with:    "\tif missing := report.MissingEntries(); missing != \"\" {",
		without: "\tif missing := report.MissingEntries(); missing == \"never\" {",
	},
	"the number of entries from v1.1": {
		file: "concur/read_report.go", story: "incomplete-by-v3",
		with:    "len(old.report.Entries) <= len(report.Entries):",
		without: "len(old.report.Entries) >= 0:",
	},
	"the refusal of rules that approve everything": {
		file: "cmd/worker/build.go", story: "rules-reload",
		with:    `if why := p.ApprovesUnchecked(); why != "" {`,
		without: `if why := p.ApprovesUnchecked(); why == "never" {`,
	},
	"the contradiction between two names of a step": {
		file: "workflows/step.go", story: "forged-callout",
		with:    "\t\tif !name.same(names[0]) {\n\t\t\treturn \"\"\n\t\t}",
		without: "\t\tif !name.same(names[0]) {\n\t\t\treturn name.Name\n\t\t}",
	},
	"the wait for a contradicting name of a step": {
		file: "workflows/step.go", story: "forged-callout",
		with:    "if !listed && !here.Waited {",
		without: "if !listed && !here.Waited && here.Since.IsZero() {",
	},
	"the search for another run of the report": {
		file: "workflows/hand_over.go", story: "unread-callout",
		with:    `case other.To != "":`,
		without: `case other.To == "never":`,
	},
	"the second read of a report that is not found": {
		file: "workflows/read.go", story: "not-found-once",
		with:    "if !next.continues() || read.Kind != expense.NotFound {",
		without: "if !next.continues() || read.Kind != \"never\" {",
	},
	"the unknown outcome of exceptions whose report is not found": {
		file: "workflows/exceptions.go", story: "not-found-once",
		with:    "if posted.OutcomeUnknown {",
		without: "if posted.OutcomeUnknown && false {",
	},
	"the time after which a closed run no longer counts": {
		file: "workflows/sweep_client.go", story: "missed-again",
		with:    "return closed.Add(grace).After(seen.At), nil",
		without: "return grace >= 0 && !closed.IsZero(), nil",
	},
	"the time after which a closed run no longer counts, at a second step": {
		file: "workflows/sweep_client.go", story: "second-step-unseen",
		with:    "return closed.Add(grace).After(seen.At), nil",
		without: "return grace >= 0 && !closed.IsZero(), nil",
	},
	"the policy of a waiting report without a callout": {
		file: "activities/pending.go", story: "not-our-steps",
		with:    "if !a.options.OwnSteps.OwnsListed(steps, expense.ReportObject, row.Policy) {",
		without: "if row.ID == \"never\" && steps == nil {",
	},
	"the event of a failed notification without a callout": {
		file: "activities/failed_notifications.go", story: "not-our-steps",
		with:    "!a.options.OwnSteps.MayOwn(steps, n.Kind, n.EventType):",
		without: "n.EventType == \"never\" && steps == nil:",
	},
	"the policy of a report that only the failed list names": {
		file: "activities/steps.go", story: "not-our-steps",
		with:    "\treturn true, policies, nil\n",
		without: "\treturn false, policies, nil\n",
	},
	"the list of the reports of test users": {
		file: "concur/pending.go", story: "test-user-found",
		with:    "\tcase next == \"\" || tests:",
		without: "\tcase tests:",
	},
	"the second delete of a notification that Concur still lists": {
		file: "workflows/sweep_client.go", story: "delete-not-done",
		with:    "(!closed.Add(seen.VisibleWithin).Before(seen.At) ||",
		without: "(!closed.IsZero() ||",
	},
	"the replacement of characters that XML forbids": {
		file: "concur/wire/lenient/clean.go", story: "unclean-text",
		with:    "ok && !allowed(number) {",
		without: "ok && number == bad {",
	},
	"the short code of a list item": {
		file: "concur/wire/list_item.go", story: "rules-read-more",
		with:    "r.Text(\"shortCode\", \"code\")",
		without: "r.Text(\"code\", \"shortCode\")",
	},
	"the code of a payment type that is a company card": {
		file: "concur/wire/card.go", story: "company-card",
		with:    "\tcase \"CBCP\", \"IBCP\", \"IBIP\":",
		without: "\tcase \"never\":",
	},
	"the unknown card of an entry that no card feed names": {
		file: "concur/wire/card.go", story: "company-card",
		with:    "\treturn nil\n}",
		without: "\treturn new(false)\n}",
	},
	"the unknown receipts of a report with an image": {
		file: "concur/report_v4.go", story: "receipts-elsewhere",
		with:    "if report.HasReceiptImage == nil || *report.HasReceiptImage {",
		without: "if report.HasReceiptImage == nil {",
	},
	"the placeholder for an entry that is not well-formed": {
		file: "concur/wire/lenient/entries.go", story: "unclean-failed-list",
		with:    "if c.tooLong || !c.wellFormed(entry) {",
		without: "if c.tooLong {",
	},
	"the check of notification URIs": {
		file: "activities/fetch.go", story: "hostile-hosts",
		with:    "if why := a.untrusted(uri); why != \"\" {",
		without: "if why := a.untrusted(uri); why == \"never\" {",
	},
	"the read after a forbidden write": {
		file: "concur/error.go", story: "moved-and-forbidden",
		with:    "CommentMissing, Forbidden, Unauthorized,\n\t}, func",
		without: "CommentMissing,\n\t}, func",
	},
	"the token renewal after reads only": {
		file: "concur/do.go", story: "moved-and-forbidden",
		with:    "(e.Status == http.StatusUnauthorized || !r.write || r.forTokens) &&",
		without: "",
	},
	"the check that Concur itself has answered": {
		file: "concur/classify.go", story: "gateway-refusal",
		with:    "said != \"\" {\n\t\treturn r.asGatewayError(e, said)",
		without: "said == \"never\" {\n\t\treturn r.asGatewayError(e, said)",
	},
	"the check that Concur itself answers 404": {
		file: "concur/classify.go", story: "gateway-not-found",
		with:    "status == http.StatusNotFound && (isError && signed || wire.IsOwnError(body))",
		without: "status == http.StatusNotFound && isError",
	},
	"the check that a fact service itself has answered": {
		file: "facts/ask.go", story: "fact-gateway",
		with:    "page := isPage(response.Header, status, body)",
		without: "page := false && isPage(response.Header, status, body)",
	},
	"the limit on a gateway's answers": {
		file: "activities/failure.go", story: "gateway-persistent",
		with:    "errors.Is(err, errFull) || lasting(ctx, e.Gateway, e.Kind, e.Status)",
		without: "errors.Is(err, errFull)",
	},
	"the read of the failed list after a refused delete": {
		file: "concur/notifications.go", story: "deleted-already",
		with:    "\t\tif !Refused(refusal) && !successOfGateway(refusal) {",
		without: "\t\tif !Refused(refusal) || refusal != nil {",
	},
	"the age of a kept refresh token": {
		file: "concur/token_state.go", story: "old-refresh-token",
		with:    "\tend := time.Unix(seconds(said), 0).UTC()\n",
		without: "\tend := time.Unix(max(seconds(said), asked.AddDate(0, refreshMonths, 0).Unix()), 0).UTC()\n",
	},
	"the kinds of Concur's codes": {
		file: "concur/codes.go", story: "refusal-codes",
		with:    "\tcase found:\n\t\treturn code.Kind, code\n",
		without: "",
	},
	"the notification that is unread at the end": {
		file: "workflows/process.go", story: "resubmitted-while-finishing",
		with:    "\tcase r.Inbox.NotificationPending:\n\t\treturn again(\"a notification arrived while the run was about to end\")\n",
		without: "",
	},
}

// TestEveryGuardStandsOnceInItsFile shows within a second which guard must follow code that
// was moved or renamed. Removing the guards takes minutes.
func TestEveryGuardStandsOnceInItsFile(t *testing.T) {
	t.Parallel()
	for _, name := range mainGuards {
		require.Contains(t, guards, name)
	}
	for name, guard := range guards {
		text, err := os.ReadFile(filepath.Join("..", guard.file))
		if assert.NoError(t, err, name) {
			assert.Equal(t, 1, strings.Count(string(text), guard.with), "%s, in %s", name, guard.file)
		}
		assert.FileExists(t, storyFile(guard.story), name)
	}
}

// TestAStoryFailsWithoutItsGuard builds the worker without one guard and expects the
// guard's story to fail. It proves that the stories can fail. Shipped code has no switch
// for it.
func TestAStoryFailsWithoutItsGuard(t *testing.T) {
	t.Parallel()
	suite := theSuite(t)
	for name, guard := range guards {
		if os.Getenv("GUARDS") != "all" && !slices.Contains(mainGuards, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			setup := suite.setup()
			setup.binaries.worker = withoutGuard(t, suite.root, guard.file, guard.with, guard.without)
			r := &storyRun{name: guard.story}
			without := *suite
			without.binaries = setup.binaries
			without.options.via = guard.via
			r.play(context.Background(), &without, guard.story+".unguarded", storyFile(guard.story))
			require.True(t, r.failed, "the story %s passes without the guard", guard.story)
			require.NotContains(t, r.log.String(), "ended at once", "the worker must run without the guard")
		})
	}
}

// withoutGuard builds the worker with one piece of a file replaced, through an overlay.
func withoutGuard(t *testing.T, root, file, with, without string) string {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join(root, file)
	text, err := os.ReadFile(source)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(text), with), "the guard stands once in %s", file)
	changed := filepath.Join(dir, "changed.go")
	require.NoError(t, os.WriteFile(changed, []byte(strings.Replace(string(text), with, without, 1)), 0o600))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{source: changed}})
	require.NoError(t, err)
	list := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(list, overlay, 0o600))
	worker := filepath.Join(dir, executable("worker"))
	require.NoError(t, goBuild(context.Background(), root, "-ldflags", "-s -w", "-overlay", list, "-o", worker, "./cmd/worker"))
	return worker
}
