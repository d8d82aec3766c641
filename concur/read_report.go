package concur

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// ReadReport reads the expense report that an object URI names: that of a callout, a v1.1
// address, or that of an event, a v4 address. What it reads of it, and by which
// interface, the options say.
//
// By v3 and v4 a report is read with many requests. Its header is read first and last,
// and must be the same; a report that changes meanwhile is read again, and after three
// times that is an error of kind [Unavailable]. Of a report that does not wait at an
// external validation only the header is read, unless the options want it whole. An error
// of kind [NotFound] says that the report is gone, and nothing else does.
//
// A report of which Concur claims more than it shows is an error of kind [Incomplete], which
// says both: entries, pages, or parts of entries that were asked for. A header is not
// compared with anything.
func (c *Client) ReadReport(ctx context.Context, objectURI string, o ReadOptions) (Read, error) {
	const op = "read report"
	t, err := c.target(op, ObjectURI, objectURI)
	switch {
	case ctx == nil:
		return Read{}, misused(op, "the context is nil")
	case err != nil:
		return Read{}, err
	case !slices.Contains([]expense.Interface{"", expense.V1, expense.V3, expense.V4}, o.Via):
		return Read{}, misused(op, "a report is read by v1.1, v3 or v4, and by no other interface")
	}
	if at, err := addressOf(t.path); err == nil {
		return c.readAt(ctx, at, o)
	}
	if o.Via.IsV4() { // v3 is read the same way
		return c.readNamed(ctx, objectURI, t.path+"?"+t.query, o)
	}
	owned, err := c.ownedReport(ctx, objectURI)
	if err == nil {
		if from, unnamed := originOf(owned.report, owned.owner); unnamed == nil {
			c.origins.remember(t.path+"?"+t.query, from)
		}
		err = owned.whole(op, o)
	}
	if err != nil {
		return Read{}, err
	}
	return owned.read(o.Logins), nil
}

// readAt reads a report by its v4 address. Its v1.1 key is not known, so that there is
// nothing to fall back to.
func (c *Client) readAt(ctx context.Context, at address, o ReadOptions) (Read, error) {
	if o.Via == expense.V4 {
		return c.readV4(ctx, at, o)
	}
	login, err := c.users.Login(ctx, at.userID)
	if err != nil {
		return Read{}, notGone(err, "the report's owner is not found")
	}
	return c.readV3(ctx, origin{at.reportID, login}, o)
}

// readNamed reads a report that a callout names by v3 or v4, and by v1.1 when they refuse
// it and that is allowed.
func (c *Client) readNamed(ctx context.Context, objectURI, key string, o ReadOptions) (Read, error) {
	from, known := c.origins.recall(key)
	var old ownedReport
	if !known || o.Steps && !o.Parts.HeaderOnly {
		var err error
		if old, err = c.ownedReport(ctx, objectURI); err != nil && (!known || !silent(err)) {
			return Read{}, err
		}
	}
	if !known {
		var err error
		if from, err = originOf(old.report, old.owner); err != nil {
			return Read{}, err
		}
		c.origins.remember(key, from)
	}
	read, err := c.readFrom(ctx, from, o)
	if err == nil && !o.Parts.HeaderOnly && read.Report.AwaitsValidation() && read.Report.TotalDiffers() != "" {
		err = c.moreByV1(ctx, objectURI, read.Report)
	}
	if err == nil && o.Steps && read.Stop != "" {
		return c.stepOf(ctx, objectURI, read, old, o)
	}
	why, refused := refusedBy(err)
	if errors.As(err, &why) && why.Kind == Incomplete {
		refused = o.Fallback && !o.ReadAgain
	}
	if !refused || !o.Fallback && !errors.Is(err, NotFound) {
		return read, err
	}
	if known || errors.Is(err, NotFound) { // what is not found may be gone
		c.origins.drop(key)
		if old, err = c.ownedReport(ctx, objectURI); err != nil {
			if _, refused := refusedBy(err); refused && why.Kind == Incomplete && !errors.Is(err, NotFound) {
				return Read{}, why // v1.1 cannot say more
			}
			return Read{}, err
		}
	}
	if !o.Fallback {
		return Read{}, notGone(why, "v1.1 shows the report, and "+string(o.Via)+" does not find it")
	}
	if err := old.whole("read report", o); err != nil {
		return Read{}, bothIncomplete(why, err)
	}
	read = old.read(o.Logins)
	read.FellBack = clause(why)
	c.fell.Do(func() { c.log.WarnContext(ctx, "reports are read by v1.1 instead", "via", o.Via, "why", read.FellBack) })
	return read, nil
}

// moreByV1 asks v1.1 about a report whose entries do not sum to its total: v3 and v4 do not say
// how many entries there are. The error is of kind [Incomplete] when v1.1 shows more of them.
func (c *Client) moreByV1(ctx context.Context, objectURI string, report *expense.Report) error {
	old, err := c.ownedReport(ctx, objectURI)
	switch {
	case err != nil && silent(err):
		return nil
	case err != nil:
		return err
	case !old.report.AwaitsValidation() || len(old.report.Entries) <= len(report.Entries):
		return nil
	}
	return &Error{Op: "read report by " + string(report.Via), Kind: Incomplete, Message: fmt.Sprintf(
		"v1.1 shows %d entries, and %d arrived; %s", len(old.report.Entries), len(report.Entries), report.TotalDiffers())}
}

// stepOf adds to a read by v3 or v4 the step's address, which only v1.1 shows. The address
// is never newer than the content that is judged: of a whole report it was read before the
// rest. Of a header, which is read before a write, it is read last, and its status counts.
func (c *Client) stepOf(ctx context.Context, objectURI string, read Read, old ownedReport, o ReadOptions) (Read, error) {
	if o.Parts.HeaderOnly {
		var err error
		if old, err = c.ownedReport(ctx, objectURI); err != nil {
			if silent(err) {
				return read, nil
			}
			return Read{}, err
		}
		read.Report.Status = old.report.Status
		read.Stop = read.Report.ValidationID()
	}
	if old.report == nil || !old.report.AwaitsValidation() || !read.Report.AwaitsValidation() {
		return read, nil
	}
	return read.atStep(old), nil
}

// silent reports whether v1.1 does not show a report that v3 or v4 shows, or shows it in a
// form that cannot be read. Another error passes, and the read is made again.
func silent(err error) bool {
	_, refused := refusedBy(err)
	return refused || errors.Is(err, Rejected) || errors.Is(err, Malformed)
}

// whole returns an error unless the report holds what Concur claims of it, where more of it
// is wanted than its header.
func (o ownedReport) whole(op string, how ReadOptions) error {
	if how.Parts.HeaderOnly || !how.Whole && !o.report.AwaitsValidation() {
		return nil
	}
	return o.complete(op, how.Parts)
}

// bothIncomplete tells what the first interface said as well, when neither shows the report.
func bothIncomplete(first *Error, then error) error {
	var e *Error
	if errors.As(then, &e) && first.Kind == Incomplete && e.Kind == Incomplete {
		e.Message = "by v1.1: " + e.Message + "; before, " + first.Op + ": " + first.Message
	}
	return then
}

func (c *Client) readFrom(ctx context.Context, from origin, o ReadOptions) (Read, error) {
	if o.Via == expense.V3 {
		return c.readV3(ctx, from, o)
	}
	userID, err := c.users.UserID(ctx, from.login)
	if err != nil {
		return Read{}, notGone(ofConcur(err), "the report's owner is not found")
	}
	return c.readV4(ctx, address{userID: userID, reportID: from.reportID}, o)
}

func (c *Client) readV3(ctx context.Context, from origin, o ReadOptions) (Read, error) {
	h, err := readTwice(ctx, sourceV3{c, from}, o)
	if err != nil {
		return Read{}, err
	}
	owned := ownedReport{report: h.Report, owner: cmp.Or(h.Owner, from.login)}
	return readOf(h, owned.isOf(o.Logins), o), nil
}

func (c *Client) readV4(ctx context.Context, at address, o ReadOptions) (Read, error) {
	h, err := readTwice(ctx, sourceV4{c, at}, o)
	if err != nil {
		return Read{}, err
	}
	theirs, err := isOneOf(ctx, c.users, cmp.Or(h.Owner, at.userID), o.Logins)
	if err != nil {
		return Read{}, err
	}
	return readOf(h, theirs, o), nil
}

// source is one report in one of the newer interfaces.
type source interface {
	header(ctx context.Context) (wire.Header, error)
	fill(ctx context.Context, report *expense.Report, parts expense.Parts) error
}

// mostReadings is how often a report is read that changes while it is read.
const mostReadings = 3

// readTwice reads a header, what else there is to read, and the header once more.
func readTwice(ctx context.Context, s source, o ReadOptions) (wire.Header, error) {
	before := ""
	for range mostReadings {
		h, err := s.header(ctx)
		err = ofConcur(err)
		if err != nil || o.Parts.HeaderOnly || !o.Whole && !h.Report.AwaitsValidation() {
			return h, err
		}
		failed := ofConcur(s.fill(ctx, h.Report, o.Parts))
		wire.SetCurrency(h.Report)
		if failed == nil {
			failed = missing(h.Report)
		}
		if failed != nil && !mayHaveChanged(failed) {
			return wire.Header{}, failed
		}
		again, err := s.header(ctx)
		switch {
		case err != nil:
			return wire.Header{}, err
		case again.Report.ValidationID() != h.Report.ValidationID() || !wire.SameHeader(again.Hash, h.Hash):
			continue
		case failed != nil:
			return wire.Header{}, absentPart(failed)
		}
		if content := h.Report.Content(); h.Report.TotalDiffers() != "" && content != before {
			before = content
			continue // the sum differs for a reason, or an entry was missing only this time
		}
		return h, nil
	}
	return wire.Header{}, &Error{Op: "read report", Kind: Unavailable,
		Message: fmt.Sprintf("the report was changed while it was read, %d times in a row", mostReadings)}
}

// mayHaveChanged reports whether a part could not be read because it is no longer what
// the part before has said.
func mayHaveChanged(err error) bool {
	return errors.Is(err, NotFound) || errors.Is(err, Rejected) || errors.Is(err, NotWaiting) || errors.Is(err, Malformed) || errors.Is(err, Incomplete)
}

// missing returns an error when Concur claims entries that did not arrive.
func missing(report *expense.Report) error {
	if missing := report.MissingEntries(); missing != "" {
		return &Error{Op: "read report by " + string(report.Via), Kind: Incomplete, Message: missing}
	}
	return nil
}

// absentPart makes of a part that is not found, though what was read before names it, a
// report that is not complete.
func absentPart(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Kind != NotFound {
		return err
	}
	other := *e
	other.Kind, other.Message = Incomplete, strings.TrimSuffix("Concur names a part of it, and does not find that: "+e.Message, ": ")
	return &other
}
