package main

import (
	"net/http"
	"slices"
	"unicode/utf8"

	"concur-connector/dev/concursim/journal"
)

const (
	maxCode = 8

	notOurs = "The exception cannot be deleted. Exceptions can be deleted via the API only if the exception was initially added by the API"
)

// target returns the object of a call about exceptions: the report, or what the path names.
// If there is no such object, the report is nil and the answer says so.
func (s *simulator) target(c *call) (*report, journal.Exception, answer) {
	r := c.report
	if r == nil || r.deleted || r.desc.Request {
		return nil, journal.Exception{}, s.errorAnswer(c, http.StatusNotFound, "The report does not exist.")
	}
	on := journal.Exception{ObjectType: "Report", Step: r.step}
	if c.about.expense == "" {
		return r, on, answer{}
	}
	key, o, known := s.keyOf(r, c.about.expense)
	if !known || o.kind != "Entry" {
		return nil, on, s.errorAnswer(c, http.StatusNotFound, "The expense does not exist.")
	}
	on.ObjectType, on.ObjectID, on.ExpenseID = "Entry", key, c.about.expense
	if c.about.allocation == "" {
		return r, on, answer{}
	}
	key, o, known = s.keyOf(r, c.about.allocation)
	if p, _ := r.placeOf(key); !known || o.kind != "Allocation" || r.payload == nil && p.expense != on.ObjectID {
		return nil, on, s.errorAnswer(c, http.StatusNotFound, "The allocation does not exist.")
	}
	on.ObjectType, on.ObjectID = "Allocation", key
	return r, on, answer{}
}

// handleExceptionsV4 simulates the list of exceptions on a report, an expense or an allocation,
// whoever posted them:
// https://developer.concur.com/api-reference/expense/expense-report/v4.exceptions.html.
func (s *simulator) handleExceptionsV4(c *call) answer {
	r, on, a := s.target(c)
	if r == nil {
		return a
	}
	list := []any{}
	for _, h := range r.existing {
		p, _ := r.placeOf(h.ObjectID)
		if c.shows(on, h, p) {
			list = append(list, s.renderException(h, p))
		}
	}
	return jsonAnswer(list)
}

// shows reports whether a call lists that exception. The list of a report includes its
// expenses, and the list of an expense its itemizations, unless the query excludes them.
func (c *call) shows(on journal.Exception, h existingException, p place) bool {
	switch on.ObjectType {
	case "Report":
		return h.ObjectType == "Report" || c.query.Get("excludeExpenses") != "true"
	case "Entry":
		own := p.expense == on.ObjectID && h.ObjectType != "Report"
		return own || p.parent == on.ObjectID && c.query.Get("excludeItemizations") != "true"
	}
	return h.ObjectType == "Allocation" && h.ObjectID == on.ObjectID
}

func (s *simulator) renderException(h existingException, p place) any {
	if h.raw != nil {
		return h.raw
	}
	id := func(key string) any {
		if key == "" {
			return nil
		}
		return s.v4ID(key)
	}
	return fields{
		"exceptionCode": h.Code, "exceptionVisibility": h.Visibility, "isBlocking": h.Blocking,
		"message": "Exception " + h.Code + " of the company's rules.", "expenseId": id(p.expense), "parentExpenseId": id(p.parent), "allocationId": id(p.allocation),
	}
}

// handleExceptionPut simulates the adding of one exception. If the same exception is already on
// the object, nothing happens and the call succeeds.
func (s *simulator) handleExceptionPut(c *call) answer {
	r, on, a := s.target(c)
	if r == nil {
		return a
	}
	var put struct {
		Code       string `json:"exceptionCode"`
		Visibility string `json:"exceptionVisibility"`
	}
	if err := strictJSON(c.body, &put); err != nil {
		return s.errorAnswer(c, http.StatusBadRequest, "The request cannot be read.")
	}
	switch {
	case !slices.Contains([]string{"ALL", "APPROVER_PROCESSOR", "PROCESSOR"}, put.Visibility):
		return s.refuse(c, "invalidExceptionVisibility", "Invalid exceptionVisibility")
	case put.Code == "" || utf8.RuneCountInString(put.Code) > maxCode || !s.codes[put.Code]:
		return s.refuse(c, "invalidExceptionCode", "Invalid exceptionCode")
	}
	on.Code = put.Code
	if r.has(on.ObjectType, on.ObjectID, on.Code) != nil {
		c.entry.AddNote("the exception was there already")
		return answer{status: http.StatusOK, contentType: jsonType}
	}
	s.addException(r, on, put.Visibility)
	c.entry.AddPosted(on)
	c.entry.SetEffect()
	r.writes++
	if s.moveOn(r, c.entry.Posted()) {
		c.entry.SetMovesOn()
	}
	return answer{status: http.StatusOK, contentType: jsonType}
}

// handleExceptionDelete simulates the deletion of a posted exception, whichever interface
// posted it. Concur's own exceptions cannot be deleted.
func (s *simulator) handleExceptionDelete(c *call) answer {
	r, on, a := s.target(c)
	if r == nil {
		return a
	}
	on.Code = c.about.object
	if h := r.has(on.ObjectType, on.ObjectID, on.Code); h == nil || h.Own {
		return s.refuse(c, "exceptionNotAddedByApi", notOurs)
	}
	s.dropException(r, on)
	c.entry.AddDeleted(on)
	c.entry.SetEffect()
	r.writes++
	return answer{status: http.StatusNoContent}
}

// refuse is a 400 of Expense v4 with an id.
func (s *simulator) refuse(c *call, id, message string) answer {
	return s.jsonError(c, c.errorForm(), http.StatusBadRequest, id, message)
}
