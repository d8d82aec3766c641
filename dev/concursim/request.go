package main

import (
	"strings"
)

// The status codes of Request v4, by those of a step.
var requestStatuses = map[string]string{
	notSubmitted: "NOT_SUBMITTED", approved: "APPROVED", canceled: "CANCELED", toResubmit: "SENTBACK",
}

// requestSteps lets a request's steps be written with its own status codes.
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

// makeRequest gives a travel request its identifiers: the short one that people see,
// that of v4, and the key of v1 that its callout still names.
func (s *simulator) makeRequest(r *report) {
	if r.desc.ReportID == "" {
		r.reportID = letters(s.draw(r.name, "requestId"), "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ", 4)
	}
	r.uuid = r.desc.UUID
	setDefault(&r.uuid, letters(s.draw(r.name, "request uuid"), hexDigits, 32))
	r.path = requestV1Path + r.key
}

// shownStatus is the status as the report's own interface has it.
func (r *report) shownStatus() string {
	if !r.desc.Request {
		return r.status
	}
	if code, known := requestStatuses[r.status]; known {
		return code
	}
	return "SUBMITTED"
}

// recalled is the status after a recall: a report is to be resubmitted, a request is as
// if it had never been submitted.
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

// eventOf is what a callout says happened. What it says of a travel request is
// documented nowhere.
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

// names splits the name of an employee, written as family and given.
func names(employee string) (family, given string) {
	family, given, _ = strings.Cut(strings.TrimSpace(employee), ", ")
	return family, given
}
