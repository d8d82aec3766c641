package concur

import (
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// ReadOptions say how a report or a travel request is read.
type ReadOptions struct {
	// Via is the interface for a report that a callout names by its v1.1 address; "" is
	// v1.1. One that is named by a v4 address is read by v4 when Via is v4, and else by v3:
	// its v1.1 key is not known.
	Via expense.Interface
	// Fallback lets a report that a callout names be read by v1.1 when Via's interface
	// refuses it, which proves that nothing was done.
	Fallback bool
	// ReadAgain says that a report that is not complete will be read again: it does not fall
	// back for that reason yet.
	ReadAgain bool
	Parts     expense.Parts
	// Whole has a report that does not wait at an external validation read like one that
	// does, by v3 and v4; v1.1 shows all of it in any case.
	Whole  bool
	Logins []string // of the employees in [Read.Theirs]
	// External says how the company's travel requests show that they wait at external
	// validation.
	External expense.ExternalValidation
	// Steps has a report that a callout names, and that is read by v3 or v4, read by v1.1
	// beside: that alone shows the address of the workflow step. What v1.1 does not show is
	// no error; it is then as if Steps were not set.
	Steps bool
}

// Read is what one read showed.
type Read struct {
	Report  *expense.Report
	Request *expense.TravelRequest // in the place of a report
	Theirs  bool                   // the owner is one of the logins
	// Stop names the stop at which it waits, and is empty when it does not wait for us.
	Stop string
	// Unclear says why it is not known whether a travel request waits for us. Nothing may be
	// written to it then. LeftAlone says why a person may want to look at one that does not
	// wait for us. See [expense.Standing].
	Unclear   string
	LeftAlone string
	// Mark is what the header tells of the step where Stop names none (v3, v4, and travel
	// requests); it is empty where Stop names one. It is opaque: [Read.SameStop] compares it.
	Mark string
	// Content holds a digest of all that the read showed, without what our own writes change:
	// one of what v1.1 showed, and one of what was read of the parts by v3 or v4, or of a travel
	// request. It is empty where only a header was read. It is opaque, as Mark is.
	Content string
	// FellBack says why the report was not read by the interface that was asked for.
	FellBack string
}

// SameStop reports whether a report, or a travel request, waits at the stop where it waited
// at a read before, and is what it was then, as far as Concur tells. Ask it after the read that comes directly before
// a write, and write only if it is so.
//
// It compares Stop, Mark and Content, and nothing else of a read: a program that acts later
// keeps those three. What they tell depends on the interface:
//
//   - By v1.1, and with [ReadOptions].Steps by v3 and v4 for a report that a callout names:
//     the status and the address of the workflow step, which are exact; and whether the
//     report, with its entries and who attends, is what it was.
//   - By v3 and v4, and for a travel request, when both reads were of more than the header:
//     whether what was read of the same parts is what it was.
//   - By v3: the status, the time of the submission, LastModifiedDate, the step in
//     WorkflowActionUrl if there is one, the last comment, and the header's own fields.
//   - By v4: the status, the time of the submission, reportVersion, lastModifiedDate and the
//     header's own fields.
//   - For a travel request: the status, the time of the submission, lastModified, whether
//     Concur still offers us to act, and the request's own fields.
//
// Names that depend on a language, exception flags, links and hosts are not compared, nor
// is what only one of the two reads shows.
//
// Where the address of the step is not known, false may mean that the report was changed
// and not moved, and true does not prove that it was not moved: Concur does not promise
// that any of these fields changes with a step, and two stops of one submission may differ
// in nothing. An exception of our own may change LastModifiedDate and reportVersion. After
// the last of your own writes, read again and compare later reads with that one.
func (r Read) SameStop(before Read) bool {
	return r.SameContent(before) && r.Stop != "" && r.Stop == before.Stop && wire.SameHeader(r.Mark, before.Mark)
}

// SameContent reports whether a report, or a travel request, is what it was at a read before,
// wherever it waits, as far as both reads show the same. See [Read.Compares].
func (r Read) SameContent(before Read) bool {
	same, _ := wire.SameContent(r.Content, before.Content)
	return same
}

// Compares reports whether the content of two reads can be compared: by v1.1 that of any two,
// and by v3 and v4 that of two that were of more than the header. The parts that were asked
// for must be the same ones.
func (r Read) Compares(before Read) bool {
	_, compared := wire.SameContent(r.Content, before.Content)
	return compared
}

// contentBy is a digest of a content as an interface has shown it.
func contentBy(via, content string) string { return via + "=" + content }

// readOf is what the header of a report by v3 or v4 shows. [Client.readNamed] puts the
// step's address into it, if that is to be read.
func readOf(h wire.Header, theirs bool, o ReadOptions) Read {
	read := Read{Report: h.Report, Theirs: theirs, Stop: h.Report.ValidationID(), Mark: h.Hash}
	if !o.Parts.HeaderOnly && h.Report.AwaitsValidation() {
		read.Content = contentBy(string(h.Report.Via), h.Report.ContentWithAttendees())
	}
	return read
}

// atStep is the read of a report that v1.1 has shown as well, if that shows a
// WorkflowActionURL.
func (r Read) atStep(shown ownedReport) Read {
	actionURL := shown.report.ActionURL
	if u, err := expense.SplitURL(strings.TrimSpace(actionURL)); err == nil && len(u.Path) > 1 {
		r.Report.ActionURL, r.Mark = actionURL, ""
		r.Stop = r.Report.ValidationID()
		if shown.complete("read report", expense.AllParts) == nil {
			r.Content = strings.TrimSpace(shown.content() + " " + r.Content)
		}
	}
	return r
}
