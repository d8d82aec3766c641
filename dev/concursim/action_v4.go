package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// longestComment returns the longest comment in a JSON body, or nothing if the body cannot
// be read.
func longestComment(body []byte) string {
	var given struct {
		Comment  string `json:"comment"`
		Rejected string `json:"expenseRejectedComment"`
	}
	switch {
	case json.Unmarshal(body, &given) != nil:
		return ""
	case utf8.RuneCountInString(given.Rejected) > utf8.RuneCountInString(given.Comment):
		return given.Rejected
	}
	return given.Comment
}

// The fields of an action's body. Different editions of the documentation name different
// guards.
var (
	guardFields   = []string{"expectedStepCode", "expectedStepSequence", "expectedWorkflowStepInstanceId"}
	approveFields = append([]string{"comment", "expenseRejectedComment", "statusId"}, guardFields...)
	backFields    = append([]string{"comment", "reasonCodeId"}, guardFields...)
)

// strictPatch reports whether the actions of a report refuse unknown fields. The
// documentation does not say, so the seed chooses.
func (s *simulator) strictPatch(r *report) bool {
	return s.draw(r.name, "strict patch").IntN(2) == 0
}

// readPatch reads the body of an action, an object of strings. The second result says what
// is wrong with it.
func (s *simulator) readPatch(c *call, r *report) (map[string]string, string) {
	known := approveFields
	if c.about.action == sendBackAction {
		known = backFields
	}
	var raw map[string]json.RawMessage
	if err := strictJSON(c.body, &raw); err != nil || raw == nil {
		return nil, "The request cannot be read."
	}
	given := map[string]string{}
	for name, value := range raw {
		switch {
		case !slices.Contains(known, name) && s.strictPatch(r):
			return nil, "Unrecognized field " + strconv.Quote(name)
		case !slices.Contains(known, name) || bytes.Equal(value, []byte("null")):
			continue
		}
		text := ""
		if json.Unmarshal(value, &text) != nil {
			return nil, "The field " + name + " is not a string."
		}
		given[name] = text
	}
	return given, ""
}

// handleWorkflow simulates approve and sendBack of Workflows v4. They are for a company, at the
// step of an external system:
// https://developer.concur.com/api-reference/expense/expense-report/v4.workflows.html.
// Without a guard the action applies to whatever such step the report has reached by now.
func (s *simulator) handleWorkflow(c *call) answer {
	r := c.report
	if r == nil || r.deleted || r.desc.Request || c.about.misspelt {
		return s.errorAnswer(c, http.StatusNotFound, "The report does not exist.")
	}
	c.entry.SetStep(r.step)
	given, wrong := s.readPatch(c, r)
	if wrong != "" {
		return s.errorAnswer(c, http.StatusBadRequest, wrong)
	}
	for _, name := range guardFields {
		if given[name] != "" {
			c.entry.SetGuarded()
		}
	}
	if !s.waitsForSystem(c, r) && s.wrongStep(r) == http.StatusForbidden {
		return s.errorAnswer(c, http.StatusForbidden, notSystem)
	}
	if id, message := s.refuseWorkflow(c, r, given); id != "" {
		return s.refuse(c, id, message)
	}
	s.decide(c, r, decision{Comment: given["comment"], ExpenseRejectedComment: given["expenseRejectedComment"]})
	return answer{status: http.StatusNoContent}
}

// waitsForSystem reports whether the report is at the step of an external system.
func (s *simulator) waitsForSystem(c *call, r *report) bool {
	at, waits := r.present()
	return waits && (at.Extv != "" || at.System && !c.entry.Guarded())
}

// refuseWorkflow returns the id with which an action is refused; empty if it is not
// refused.
func (s *simulator) refuseWorkflow(c *call, r *report, given map[string]string) (id, message string) {
	approves := c.about.action == approveAction
	at, _ := r.present()
	guard := func(name, holds string) bool { return given[name] == "" || given[name] == holds }
	switch {
	case utf8.RuneCountInString(given["comment"]) > maxComment, utf8.RuneCountInString(given["expenseRejectedComment"]) > maxComment:
		return "error.workflow.commentTooLong", "The comment is longer than 2000 characters."
	case !approves && strings.TrimSpace(given["comment"]) == "":
		return "error.workflow.noComments", "A comment is required to send a report back."
	case len(given["statusId"]) > 6:
		return "statusId.invalidValue", "The status is not valid."
	case !s.waitsForSystem(c, r),
		!guard("expectedStepCode", at.Code),
		!guard("expectedStepSequence", strconv.Itoa(r.at+1)),
		!guard("expectedWorkflowStepInstanceId", s.stepInstance(r)):
		return "error.workflow.invalid_action", "The action is not valid for the present step of the report."
	case approves && (r.blocked("") || r.desc.Blocked):
		return "step_exit_blocking_by_exception", "An exception blocks the report."
	case approves && r.desc.NoApprover:
		return s.oneOf(r, noApproverWorkflow), "Nobody is there to approve the report."
	case approves && r.desc.Refusal != "":
		return r.desc.Refusal, messageOf(r.desc.Refusal)
	case approves && strings.TrimSpace(given["comment"]) == "" && r.desc.CommentRequired != "":
		missing := missingComments[r.desc.CommentRequired]
		return missing.id, missing.message
	case approves && strings.TrimSpace(given["expenseRejectedComment"]) == "" && r.rejected():
		return rejectedMissing.id, rejectedMissing.message
	}
	return "", ""
}

// missing is the error for an approval without a comment that Concur requires.
type missing struct{ id, message string }

// The errors for approvals without a comment, as the interface's description lists them:
// https://developer.concur.com/api-explorer/v4-0/Reports.html.
var (
	missingComments = map[string]missing{
		"always":      {"error.workflow.missingComments", "Comments are required to approve this report."},
		"cost-object": {"error.workflow.CostObjectChangeMissingComments", "Changes were made on this report that impact Cost Objects and a comment is required to approve this report."},
		"budget":      {"error.workflow.BudgetObjectChangeMissingComments", "Changes were made on this report that impact Budget Objects and a comment is required to approve this report."},
	}
	rejectedMissing = missing{"error.workflow.rejectedExpenseMissingComments", "Some of the expenses were rejected on this report and expenseRejectedComment is required to approve this report."}
)

// rejected reports whether an earlier approver has rejected an expense of the report.
func (r *report) rejected() bool {
	return slices.ContainsFunc(r.desc.Entries, func(e entryDescription) bool { return e.Rejected })
}

// decide carries out the action that the call names, with its comments.
func (s *simulator) decide(c *call, r *report, given decision) {
	c.entry.SetEffect()
	r.writes++
	given.Action, given.Step, given.At = c.about.action, r.step, time.Now().UTC()
	r.decisions = append(r.decisions, given)
	for _, comment := range []string{given.Comment, given.ExpenseRejectedComment} {
		if comment != "" {
			r.comments = append(r.comments, comment)
		}
	}
	if c.about.action == approveAction {
		s.advance(r)
	} else {
		s.sendBack(r)
	}
}
