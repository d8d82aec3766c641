package main

import (
	"bytes"
	"net/http"
	"strings"
	"unicode/utf8"
)

// The status codes of Request v4 for the status codes of steps.
var requestStatuses = map[string]string{
	notSubmitted: "NOT_SUBMITTED", approved: "APPROVED", canceled: "CANCELED", toResubmit: "SENTBACK",
}

// requestSteps replaces Request v4's status codes in a description's steps.
func requestSteps(steps []step) {
	for i := range steps {
		switch steps[i].Status {
		case "APPROVED":
			steps[i].Status = approved
		case "SUBMITTED":
			steps[i].Status = "A_PEND"
		}
	}
}

// makeRequest gives a travel request its identifiers: the short one that people see, the
// one of v4, and the v1 key that its callout names.
func (s *simulator) makeRequest(r *report) {
	if r.desc.ReportID == "" {
		r.reportID = letters(s.draw(r.name, "requestId"), "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ", 4)
	}
	r.uuid = r.desc.UUID
	setDefault(&r.uuid, letters(s.draw(r.name, "request uuid"), hexDigits, 32))
	r.path = requestV1Path + r.key
}

// shownStatus returns the status as the report's own interface shows it.
func (r *report) shownStatus() string {
	if !r.desc.Request {
		return r.status
	}
	if code, known := requestStatuses[r.status]; known {
		return code
	}
	return "SUBMITTED"
}

// recalled returns the status after a recall. A report can be resubmitted; a travel request
// looks as if it had never been submitted.
func (r *report) recalled() string {
	if r.desc.Request {
		return notSubmitted
	}
	return toResubmit
}

func requestStatusName(seed uint64, r *report) string {
	switch {
	case r.desc.StatusName != "" && r.shownStatus() == "SUBMITTED":
		return r.desc.StatusName
	case r.status == waiting:
		return "Pending External Validation"
	case r.status == canceled:
		return "Canceled"
	case r.status == "A_PECO", r.status == "A_PBDG":
		return statusName(r.status)
	case r.shownStatus() == "SUBMITTED":
		return "Submitted & Pending Approval"
	}
	return localised(seed, r.status, r.statusName)
}

// eventOf returns the event of a callout. For travel requests it is not documented.
func (r *report) eventOf(step string) string {
	if r.desc.Request {
		return "Travel Request Entered Workflow Step - " + step
	}
	return "Report Entered Expense Report Workflow Step - " + step
}

func (r *report) objectType() string {
	if r.desc.Request {
		return "TRAVELREQ"
	}
	return "EXPRPT"
}

// names splits an employee's name, which is written "family, given".
func names(employee string) (family, given string) {
	family, given, _ = strings.Cut(strings.TrimSpace(employee), ", ")
	return family, given
}

// requestOf returns the travel request of a call. If there is none, it is nil and the
// answer says so.
func (s *simulator) requestOf(c *call) (*report, answer) {
	if id := c.request.Header.Get("concur-correlationid"); id != "" && !uuidForm.MatchString(id) {
		return nil, s.refuseRequest(c, http.StatusBadRequest, "invalidUuid", "The correlation ID is not a UUID.")
	}
	if c.report == nil || c.report.deleted || c.about.misspelt {
		return nil, s.errorAnswer(c, http.StatusNotFound, "The Request does not exist.")
	}
	return c.report, answer{}
}

func (s *simulator) refuseRequest(c *call, status int, code, message string) answer {
	return s.jsonError(c, requestErrors, status, code, message)
}

// handleRequestAction simulates approve and sendback of Request v4, for an external system at
// an external validation:
// https://developer.concur.com/api-reference/request/v4.endpoints.workflow-resources.html.
// There is no guard, so the action applies to whatever such step the request has reached by
// now.
func (s *simulator) handleRequestAction(c *call) answer {
	r, a := s.requestOf(c)
	if r == nil {
		return a
	}
	c.entry.SetStep(r.step)
	var given struct {
		Comment string `json:"comment"`
	}
	approves := c.about.action == approveAction
	if !approves && len(bytes.TrimSpace(c.body)) > 0 && strictJSON(c.body, &given) != nil {
		return s.refuseRequest(c, http.StatusBadRequest, "invalidJson", "The request cannot be read.")
	}
	switch {
	case utf8.RuneCountInString(given.Comment) > maxComment:
		return s.refuseRequest(c, http.StatusBadRequest, "badParam", "The comment is longer than 2000 characters.")
	case s.approverActs(r): // acts as the approver; the audit trail shows "System, Concur"
	case r.status != waiting && c.query.Get("userId") == "" && s.wrongStep(r) == http.StatusForbidden:
		return s.refuseRequest(c, http.StatusForbidden, "permissionDenied", "permission denied")
	case r.status != waiting && c.query.Get("userId") == "":
		return s.refuseRequest(c, http.StatusBadRequest, "missingRequiredParam", "The userId is missing.")
	case r.status != waiting:
		return s.refuseRequest(c, http.StatusForbidden, "userIsNotAllowed", "The user is not allowed to do this.")
	case approves && (r.desc.Blocked || r.blocked("")):
		return s.refuseRequest(c, http.StatusConflict, "STEP_EXIT_BLOCKING_BY_EXCEPTION", "An exception blocks the Request.")
	case approves && r.desc.NoApprover:
		return s.refuseRequest(c, http.StatusConflict, s.oneOf(r, noApproverRequest), "Nobody is there to approve the Request.")
	case approves && r.desc.Refusal != "":
		return s.refuseRequest(c, requestRefusal(r.desc.Refusal), r.desc.Refusal, messageOf(r.desc.Refusal))
	}
	s.decide(c, r, decision{Comment: given.Comment})
	return jsonAnswer(s.shownRequest(r))
}

// handleRequestV1 simulates Request v1, which has ended. Callouts still name its addresses.
func (s *simulator) handleRequestV1(c *call) answer {
	if s.draw("request v1", c.path).IntN(2) == 0 {
		return s.errorAnswer(c, http.StatusNotFound, "The requested resource does not exist.")
	}
	page := "<html><head><title>Gone</title></head><body><h1>This API has been decommissioned</h1></body></html>"
	return answer{status: http.StatusGone, contentType: "text/html", body: []byte(page)}
}
