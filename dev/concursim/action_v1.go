package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"concur-connector/dev/concursim/journal"
)

const (
	approveAction  = journal.Approve
	sendBackAction = "Send Back to Employee"
	maxComment     = journal.MaxComment

	recentlyChanged = "The action cannot be executed because the item has recently been changed. Please refresh your list and try again."
)

type workflowAction struct{ action, comment string }

func (a workflowAction) commentLength() int { return utf8.RuneCountInString(a.comment) }

// canonical returns the action in Concur's spelling. Requests may write it in any case.
func (a workflowAction) canonical() string {
	for _, known := range []string{approveAction, sendBackAction} {
		if strings.EqualFold(a.action, known) {
			return known
		}
	}
	if len(a.action) > 40 {
		return a.action[:40]
	}
	return a.action
}

func readAction(body []byte) (workflowAction, error) {
	root, err := readTree(body, "WorkflowAction")
	if err != nil {
		return workflowAction{}, err
	}
	var a workflowAction
	seen := map[string]bool{}
	for _, field := range root.children {
		if seen[field.name] {
			return a, fmt.Errorf("element %s occurs twice", field.name)
		}
		seen[field.name] = true
		switch field.name {
		case "Action":
			if seen["Comment"] {
				return a, errors.New("element Action comes before Comment")
			}
			a.action = strings.TrimSpace(field.text)
		case "Comment":
			a.comment = field.text
		default:
			return a, fmt.Errorf("element %s is not expected", field.name)
		}
	}
	if a.action == "" {
		return a, errors.New("element Action is missing")
	}
	return a, nil
}

// handleAction simulates the workflow action of a report. It reports a failed action inside a
// 200:
// https://developer.concur.com/api-reference/expense/expense-report/post-report-workflow-action.html.
func (s *simulator) handleAction(c *call) answer {
	r := c.report
	if r == nil || r.deleted || r.desc.Request {
		return s.errorAnswer(c, http.StatusNotFound, "The workflow step does not exist.")
	}
	a, err := readAction(c.body)
	if err != nil {
		return s.errorAnswer(c, http.StatusBadRequest, "The request is not valid: "+err.Error()+".")
	}
	action := a.canonical()
	switch {
	case action != approveAction && action != sendBackAction:
		return actionStatus("The action is not available for this step.", "FAILURE")
	case a.commentLength() > maxComment:
		return actionStatus("The comment is longer than 2000 characters.", "FAILURE")
	case action == sendBackAction && strings.TrimSpace(a.comment) == "":
		return actionStatus("A comment is required to send an item back.", "FAILURE")
	case r.step == "" || !sameSegment(r.step, c.id):
		return actionStatus(recentlyChanged, "FAILURE")
	case r.status != waiting:
		return actionStatus("The action is not available for this step.", "FAILURE")
	case action == approveAction && (r.blocked("") || r.desc.Blocked):
		return actionStatus("An exception blocks the report.", "FAILURE")
	case action == approveAction && r.desc.NoApprover:
		return actionStatus("Nobody is there to approve the report.", "FAILURE")
	case action == approveAction && r.desc.Refusal != "":
		return actionStatus(messageOf(r.desc.Refusal), "FAILURE")
	case action == approveAction && strings.TrimSpace(a.comment) == "" && r.desc.CommentRequired != "":
		return actionStatus(missingComments[r.desc.CommentRequired].message, "FAILURE")
	case action == approveAction && r.rejected(): // v1.1 has no comment about expenses
		return actionStatus("Some of the expenses were rejected on this report and a comment about them is required.", "FAILURE")
	}
	c.about.action = action
	s.decide(c, r, decision{Comment: a.comment})
	return actionStatus("SUCCESS!", "SUCCESS!")
}

func actionStatus(message, status string) answer {
	return xmlAnswer(`<?xml version="1.0" encoding="utf-8"?>` + "\n" +
		`<ActionStatus xmlns="` + reportNamespace + `" xmlns:i="` + instanceNamespace + `">` + "\n" +
		"    <Message>" + escapeText(message) + "</Message>\n    <Status>" + status + "</Status>\n</ActionStatus>")
}
