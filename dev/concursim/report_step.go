package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"concur-connector/dev/concursim/journal"
)

// step is one step of a report's workflow: an external validation with its name, or any
// other approval status.
type step struct {
	Extv   string `yaml:"extv"`
	Status string `yaml:"status"`
	// Code is the code of the step, by default EXTVAL for an external validation. At a
	// System step an external system may act, although it validates nothing there.
	Code   string `yaml:"code"`
	System bool   `yaml:"system"`
}

const (
	notSubmitted = "A_NOTF"
	waiting      = journal.Waiting
	approved     = "A_APPR"
	toResubmit   = "A_RESU"
	canceled     = "A_CANC" // travel requests only
	legacyCode   = "EXTVAL"
)

var statusNames = map[string]string{
	notSubmitted: "Not Submitted", waiting: "Pending External Validation",
	approved: "Approved", toResubmit: "Sent Back to Employee",
	"A_FILE": "Submitted", "A_PEND": "Submitted & Pending Approval",
	"A_ACCO": "Approved & In Accounting Review", "A_PBDG": "Pending Budget Approval",
	"A_PECO": "Pending Cost Object Approval", "A_PVAL": "Pending Prepayment Validation",
	"A_RHLD": "Receipts Pending", "A_AAFH": "Anomaly and Fraud Check",
	"A_TEXP": "Approval Time Expired",
}

func statusName(code string) string {
	if name, ok := statusNames[code]; ok {
		return name
	}
	return "Custom Status " + code
}

func checkSteps(steps *[]step) error {
	if len(*steps) == 0 {
		*steps = []step{{Extv: "SUBMIT"}, {Status: approved}}
	}
	if len(*steps) > 50 {
		return fmt.Errorf("%d steps are more than 50", len(*steps))
	}
	for i, one := range *steps {
		if (one.Extv == "") == (one.Status == "") {
			return fmt.Errorf("step %d: want either extv with a name or status with a code", i+1)
		}
		if one.Status == waiting {
			return fmt.Errorf("step %d: write an external validation as extv with its name", i+1)
		}
		if one.Extv != "" {
			setDefault(&(*steps)[i].Code, legacyCode)
		}
	}
	return nil
}

// errCannotMove refuses a move that is impossible at the moment.
var errCannotMove = errors.New("cannot be done now")

// pending reports whether somebody can still decide about the report.
func (r *report) pending() bool {
	return !r.deleted && r.at >= 0 && r.status != approved && r.status != canceled
}

// present returns the report's present step, and false if nobody can decide.
func (r *report) present() (step, bool) {
	if !r.pending() || r.at >= len(r.steps) {
		return step{}, false
	}
	return r.steps[r.at], true
}

// enter moves the report to a step. The step gets a new identifier; an external validation
// also sends a callout.
func (s *simulator) enter(r *report, at int) {
	r.at = at
	if at >= len(r.steps) {
		r.at = len(r.steps) - 1
		s.arrive(r, approved, "")
		return
	}
	one := r.steps[at]
	if one.Extv == "" {
		s.arrive(r, one.Status, "")
		return
	}
	s.arrive(r, waiting, one.Extv)
	s.queueCallout(r, s.notificationOf(r))
}

// arrive sets the status. If somebody can decide at this status, the step gets a new
// identifier.
func (s *simulator) arrive(r *report, status, name string) {
	quiet := r.desc.StepsKeepHeader && r.status == waiting && status == waiting
	r.status, r.statusName, r.stepName = status, statusName(status), name
	if !quiet {
		r.version++
		r.touch()
	}
	r.step = ""
	if r.pending() {
		r.instance++
		r.stepHost = s.home
		r.step = makeKey(s.draw(r.name, "step", r.instance))
		if r.payload != nil && r.payload.keptStep != "" {
			r.step = r.payload.keptStep
		}
		s.directory.steps.add(r.step, r)
	}
	s.broadcast()
}

// touch sets the time of the last change to now, and at least a millisecond later than
// before. With HeaderDate it does nothing, because nobody edits the header.
func (r *report) touch() {
	if r.desc.HeaderDate {
		return
	}
	earliest := r.changed.Add(time.Millisecond)
	if r.changed = time.Now(); r.changed.Before(earliest) {
		r.changed = earliest
	}
}

func (s *simulator) advance(r *report) { s.enter(r, r.at+1) }

func (s *simulator) sendBack(r *report) {
	r.at, r.everSentBack = -1, true
	s.arrive(r, toResubmit, "")
}

// move lets somebody else act on the report. It returns an error if the move is impossible
// at the moment.
func (s *simulator) move(r *report, to string, how moveOptions) error {
	if r.deleted {
		return fmt.Errorf("%s %s: the report is deleted: %w", to, r.name, errCannotMove)
	}
	switch to {
	case "approve", "send-back", "recall", "next-step", "cancel":
		if !r.pending() {
			return fmt.Errorf("%s %s: its status is %s: %w", to, r.name, r.status, errCannotMove)
		}
	case "submit", "resubmit":
		if r.at >= 0 || r.status == canceled {
			return fmt.Errorf("%s %s: its status is %s: %w", to, r.name, r.status, errCannotMove)
		}
	}
	if to == "cancel" && !r.desc.Request {
		return fmt.Errorf("cancel %s: only a travel request is cancelled: %w", r.name, errCannotMove)
	}
	r.moves = append(r.moves, moved{What: to, At: time.Now().UTC()})
	switch to {
	case "approve":
		s.advance(r)
	case "send-back":
		s.sendBack(r)
	case "recall":
		r.at = -1
		s.arrive(r, r.recalled(), "")
	case "cancel":
		r.at = -1
		s.arrive(r, canceled, "")
	case "next-step":
		s.enter(r, r.nextStep())
	case "submit", "resubmit":
		if how.DeleteExceptions {
			r.deleteExceptions()
		}
		r.submitDate = time.Now().UTC()
		s.enter(r, 0)
	case "edit":
		return s.edit(r, how)
	case "delete-exceptions":
		r.deleteExceptions()
	case "delete":
		r.step = ""
		r.deleted = true
	default:
		return fmt.Errorf("unknown move %q", to)
	}
	s.broadcast()
	return nil
}

// nextStep returns the next external validation, or the present step if none follows.
func (r *report) nextStep() int {
	for i := r.at + 1; i < len(r.steps); i++ {
		if r.steps[i].Extv != "" {
			return i
		}
	}
	return r.at
}

// moveOptions is the body of a move in the control API.
type moveOptions struct {
	Entry            int              `yaml:"entry"`
	Amount           *decimal.Decimal `yaml:"amount"`
	DeleteExceptions bool             `yaml:"deleteExceptions"`

	Type        string   `yaml:"type"`
	Custom      numbered `yaml:"custom"`
	AccountCode string   `yaml:"accountCode"`
	Attendees   *int     `yaml:"attendees"`
	// ReplaceAttendee replaces the first attendee by somebody else.
	ReplaceAttendee bool `yaml:"replaceAttendee"`
	// KeepHeader leaves the totals and the modification time of the header unchanged.
	KeepHeader bool `yaml:"keepHeader"`
}

// changesNothing reports whether the options name nothing to change.
func (how moveOptions) changesNothing() bool {
	return how.Amount == nil && how.Type == "" && how.Custom == nil && how.AccountCode == "" && how.Attendees == nil && !how.ReplaceAttendee
}

// edit changes an entry, by default the first. Without other options it raises the amount.
func (s *simulator) edit(r *report, how moveOptions) error {
	if r.payload != nil {
		return fmt.Errorf("edit %s: a raw payload is served as it is: %w", r.name, errCannotMove)
	}
	at := max(how.Entry, 1)
	if at > len(r.desc.Entries) {
		return fmt.Errorf("edit %s: it has no entry %d: %w", r.name, at, errCannotMove)
	}
	entry := &r.desc.Entries[at-1]
	if how.AccountCode != "" && entry.firstAllocation() == nil {
		return fmt.Errorf("edit %s: entry %d has no allocation: %w", r.name, at, errCannotMove)
	}
	if err := checkNumbers("edit", how.Custom, 40, nil); err != nil {
		return err
	}
	if how.Attendees != nil && (*how.Attendees < 0 || *how.Attendees > maxAttendees) {
		return fmt.Errorf("edit %s: attendees %d is not between 0 and %d", r.name, *how.Attendees, maxAttendees)
	}
	before := r.desc.sums()
	switch {
	case how.Amount != nil:
		entry.Amount = *how.Amount
	case how.changesNothing():
		entry.Amount = entry.Amount.Add(decimal.NewFromInt(10))
	}
	if how.Type != "" {
		entry.Type, entry.Name = how.Type, how.Type
	}
	if how.Custom != nil {
		entry.Custom = maps.Clone(entry.Custom)
		if entry.Custom == nil {
			entry.Custom = numbered{}
		}
		maps.Copy(entry.Custom, how.Custom)
		s.rememberItems(how.Custom)
	}
	if how.AccountCode != "" {
		entry.firstAllocation().AccountCode = how.AccountCode
	}
	if how.Attendees != nil {
		entry.Attendees = *how.Attendees
	}
	if how.ReplaceAttendee {
		r.entries[at-1].replacedAttendees++
	}
	r.content = nil
	r.entries[at-1].modified = time.Now().UTC()
	if how.KeepHeader {
		r.desc.totals = &before
	} else {
		r.desc.totals = nil
		r.touch()
	}
	s.broadcast()
	return nil
}

// firstAllocation returns the first allocation of an entry or its itemizations, or nil.
func (e *entryDescription) firstAllocation() *allocationDescription {
	if len(e.Allocations) > 0 {
		return &e.Allocations[0]
	}
	for i := range e.Itemizations {
		if len(e.Itemizations[i].Allocations) > 0 {
			return &e.Itemizations[i].Allocations[0]
		}
	}
	return nil
}

// maxMoving limits how long a workflow may take to move a report.
const maxMoving = 30 * time.Second

func checkMoving(d description) error {
	if d.MovesAfter == "" {
		return nil
	}
	after, err := time.ParseDuration(d.MovesAfter)
	if err != nil || after < 0 || after > maxMoving {
		return fmt.Errorf("movesAfter %q: want a duration of at most %s", d.MovesAfter, maxMoving)
	}
	return nil
}

// moveOn moves a report to its next step if one of the exceptions just posted on it has a
// code that does so. With MovesAfter it moves the report later, unless the report has left
// the step by then. It returns true if it moves the report.
func (s *simulator) moveOn(r *report, posted []journal.Exception) bool {
	moves := func(e journal.Exception) bool {
		return e.ObjectType == "Report" && slices.Contains(r.desc.MovesOn, e.Code)
	}
	if r.status != waiting || !slices.ContainsFunc(posted, moves) {
		return false
	}
	step := r.step
	leave := func() {
		if r.deleted || r.step != step || r.status != waiting {
			return
		}
		r.moves = append(r.moves, moved{What: "exception", At: time.Now().UTC()})
		s.advance(r)
	}
	after, _ := time.ParseDuration(r.desc.MovesAfter) // checked before
	if after == 0 {
		leave()
		return true
	}
	time.AfterFunc(after, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		leave()
	})
	return true
}
