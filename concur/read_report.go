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

// ReadReport reads the expense report that an object URI names. The object URI of a callout is
// a v1.1 address, that of an event a v4 address. The options choose the interface and the
// parts.
//
// By v3 and v4 a report needs many requests. ReadReport reads the header first and last, and
// the two must be equal. It reads a report that changes meanwhile again; the third time, the
// error is of kind [Unavailable]. If the report does not wait at an external validation,
// ReadReport reads the header only, unless the options ask for the full report.
//
// Only an error of kind [NotFound] says that the report is gone. If Concur claims more of the
// report than it shows (entries, pages, or parts of entries that were asked for), the error is
// of kind [Incomplete] and names both. Nothing is claimed of a header.
func (c *Client) ReadReport(ctx context.Context, objectURI string, o ReadOptions) (Read, error) {
	const op = "read report"
	t, err := c.target(op, ObjectURI, objectURI)
	switch {
	case ctx == nil:
		return Read{}, invalidArgument(op, "the context is nil")
	case err != nil:
		return Read{}, err
	case !slices.Contains([]expense.Interface{"", expense.V1, expense.V3, expense.V4}, o.Via):
		return Read{}, invalidArgument(op, "a report is read by v1.1, v3 or v4, and by no other interface")
	}
	if at, err := addressOf(t.path); err == nil {
		return c.readAt(ctx, at, o)
	}
	if o.Via.IsV4() { // v3 is read the same way
		return c.readNamed(ctx, objectURI, t.path+"?"+t.query, o)
	}
	owned, err := c.ownedReport(ctx, objectURI)
	if err == nil {
		if from, unnamed := originOf(owned); unnamed == nil {
			c.origins.store(t.path+"?"+t.query, from)
		}
		err = owned.checkComplete(op, o)
	}
	if err != nil {
		return Read{}, err
	}
	return owned.read(o.Logins), nil
}

// readAt reads a report by its v4 address. It cannot fall back to v1.1, because the v1.1 key
// is not known.
func (c *Client) readAt(ctx context.Context, at address, o ReadOptions) (Read, error) {
	if o.Via == expense.V4 {
		return c.readV4(ctx, at, nil, o)
	}
	owner, err := c.users.Owner(ctx, at.userID)
	if err != nil {
		return Read{}, asRejected(err, "the report's owner is not found")
	}
	return c.readV3(ctx, reportOrigin{at.reportID, owner.Login, owner}, o)
}

// readNamed reads a report that a callout names by v3 or v4. If they refuse the report and the
// options allow it, it reads by v1.1.
func (c *Client) readNamed(ctx context.Context, objectURI, key string, o ReadOptions) (Read, error) {
	from, known := c.origins.find(key)
	var old ownedReport
	if !known || o.Steps && !o.Parts.HeaderOnly {
		var err error
		if old, err = c.ownedReport(ctx, objectURI); err != nil && (!known || !notShownByV1(err)) {
			return Read{}, err
		}
	}
	if !known {
		var err error
		if from, err = originOf(old); err != nil {
			return Read{}, err
		}
		c.origins.store(key, from)
	}
	read, err := c.readFrom(ctx, from, o)
	if err == nil && !o.Parts.HeaderOnly && read.Report.AwaitsValidation() && read.Report.TotalDiffers() != "" {
		err = c.checkEntriesByV1(ctx, objectURI, read.Report)
	}
	if err == nil && o.Steps && read.Validation != "" {
		return c.addStep(ctx, objectURI, read, old, o)
	}
	why, refused := asRefusal(err)
	if errors.As(err, &why) && why.Kind == Incomplete {
		refused = o.Fallback && !o.ReadAgain
	}
	if !refused || !o.Fallback && !errors.Is(err, NotFound) {
		return read, err
	}
	if known || errors.Is(err, NotFound) { // what is not found may be gone
		c.origins.remove(key)
		if old, err = c.ownedReport(ctx, objectURI); err != nil {
			if _, refused := asRefusal(err); refused && why.Kind == Incomplete && !errors.Is(err, NotFound) {
				return Read{}, why // v1.1 cannot say more
			}
			return Read{}, err
		}
	}
	if !o.Fallback {
		return Read{}, asRejected(why, "v1.1 shows the report, and "+string(o.Via)+" does not find it")
	}
	if err := old.checkComplete("read report", o); err != nil {
		return Read{}, bothIncomplete(why, err)
	}
	read = old.read(o.Logins)
	read.FallbackReason = refusalReason(why)
	c.fallbackLogged.Do(func() {
		c.log.WarnContext(ctx, "reports are read by v1.1 instead", "via", o.Via, "why", read.FallbackReason)
	})
	return read, nil
}

// checkEntriesByV1 asks v1.1 about a report whose entries do not add up to its total, because
// v3 and v4 do not say how many entries there are. If v1.1 shows more entries, the error is of
// kind [Incomplete].
func (c *Client) checkEntriesByV1(ctx context.Context, objectURI string, report *expense.Report) error {
	old, err := c.ownedReport(ctx, objectURI)
	switch {
	case err != nil && notShownByV1(err):
		return nil
	case err != nil:
		return err
	case !old.report.AwaitsValidation() || len(old.report.Entries) <= len(report.Entries):
		return nil
	}
	return &Error{Op: "read report by " + string(report.Via), Kind: Incomplete, Message: fmt.Sprintf(
		"v1.1 shows %d entries, and %d arrived; %s", len(old.report.Entries), len(report.Entries), report.TotalDiffers())}
}

// addStep adds the address of the workflow step, which only v1.1 shows, to a read by v3 or v4.
// The address must not be newer than the content that is evaluated. So for a full report v1.1
// was read before the rest. A header is read before a write: there v1.1 is read last, and its
// status counts.
func (c *Client) addStep(ctx context.Context, objectURI string, read Read, old ownedReport, o ReadOptions) (Read, error) {
	if o.Parts.HeaderOnly {
		var err error
		if old, err = c.ownedReport(ctx, objectURI); err != nil {
			if notShownByV1(err) {
				return read, nil
			}
			return Read{}, err
		}
		read.Report.Status = old.report.Status
		read.Validation = read.Report.ValidationID()
	}
	if old.report == nil || !old.report.AwaitsValidation() || !read.Report.AwaitsValidation() {
		return read, nil
	}
	return read.withStep(old), nil
}

// notShownByV1 reports whether v1.1 does not show a report that v3 or v4 shows, or shows it in
// a form that cannot be read. After any other error the read is repeated.
func notShownByV1(err error) bool {
	_, refused := asRefusal(err)
	return refused || errors.Is(err, Rejected) || errors.Is(err, Malformed)
}

// checkComplete returns an error if Concur claims more of the report than it shows. It accepts
// a header.
func (o ownedReport) checkComplete(op string, how ReadOptions) error {
	if how.Parts.HeaderOnly || !how.Full && !o.report.AwaitsValidation() {
		return nil
	}
	return o.complete(op, how.Parts)
}

// bothIncomplete adds the message of the first interface, if neither interface shows the full
// report.
func bothIncomplete(first *Error, then error) error {
	var e *Error
	if errors.As(then, &e) && first.Kind == Incomplete && e.Kind == Incomplete {
		e.Message = "by v1.1: " + e.Message + "; before, " + first.Op + ": " + first.Message
	}
	return then
}

func (c *Client) readFrom(ctx context.Context, from reportOrigin, o ReadOptions) (Read, error) {
	if o.Via == expense.V3 {
		return c.readV3(ctx, from, o)
	}
	userID, err := c.users.UserID(ctx, from.login)
	if err != nil {
		return Read{}, asRejected(asMalformed(err), "the report's owner is not found")
	}
	return c.readV4(ctx, address{userID: userID, reportID: from.reportID}, &from.owner, o)
}

func (c *Client) readV3(ctx context.Context, from reportOrigin, o ReadOptions) (Read, error) {
	h, err := readConsistently(ctx, sourceV3{c, from}, o)
	if err != nil {
		return Read{}, err
	}
	shown := h.Report.Owner
	h.Report.Owner = wire.NewOwner(cmp.Or(shown.Name, from.owner.Name), shown.Login, from.owner.Login)
	return newRead(h, ownedByOne(h.Report.Owner, o.Logins), o), nil
}

// readV4 reads a report by v4. The owner is the one whom v1.1 shows, or nil if v1.1 was not read.
func (c *Client) readV4(ctx context.Context, at address, owner *expense.Owner, o ReadOptions) (Read, error) {
	h, err := readConsistently(ctx, sourceV4{c, at}, o)
	if err != nil {
		return Read{}, err
	}
	userID := cmp.Or(h.OwnerID, at.userID)
	theirs, err := isOneOf(ctx, c.users, userID, o.Logins)
	if err != nil {
		return Read{}, err
	}
	switch {
	case !sameUser(userID, at.userID): // the documents contradict each other
	case owner != nil:
		h.Report.Owner = *owner
	case o.Owner && !o.Parts.HeaderOnly && h.Report.AwaitsValidation():
		if h.Report.Owner, err = c.ownerOf(ctx, at.userID); err != nil {
			return Read{}, err
		}
	}
	return newRead(h, theirs, o), nil
}

// source is one report by v3 or v4.
type source interface {
	header(ctx context.Context) (wire.Header, error)
	fill(ctx context.Context, report *expense.Report, parts expense.Parts) error
}

// maxReads limits how often a report is read that changes while it is read.
const maxReads = 3

// readConsistently reads the header of a report, the rest of it, and the header again.
func readConsistently(ctx context.Context, s source, o ReadOptions) (wire.Header, error) {
	before := ""
	for range maxReads {
		h, err := s.header(ctx)
		err = asMalformed(err)
		if err != nil || o.Parts.HeaderOnly || !o.Full && !h.Report.AwaitsValidation() {
			return h, err
		}
		failed := asMalformed(s.fill(ctx, h.Report, o.Parts))
		wire.SetCurrency(h.Report)
		if failed == nil {
			failed = checkEntries(h.Report)
		}
		if failed != nil && !mayBeChanged(failed) {
			return wire.Header{}, failed
		}
		again, err := s.header(ctx)
		switch {
		case err != nil:
			return wire.Header{}, err
		case again.Report.ValidationID() != h.Report.ValidationID() || !wire.SameHeader(again.Hash, h.Hash):
			continue
		case failed != nil:
			return wire.Header{}, asIncomplete(failed)
		}
		if content := h.Report.ContentHash(); h.Report.TotalDiffers() != "" && content != before {
			before = content
			continue // the sum differs for a reason, or an entry was missing only this time
		}
		return h, nil
	}
	return wire.Header{}, &Error{Op: "read report", Kind: Unavailable,
		Message: fmt.Sprintf("the report was changed while it was read, %d times in a row", maxReads)}
}

// mayBeChanged reports whether a part may be unreadable because the report has changed since
// the part before it was read.
func mayBeChanged(err error) bool {
	return errors.Is(err, NotFound) || errors.Is(err, Rejected) || errors.Is(err, NotWaiting) || errors.Is(err, Malformed) || errors.Is(err, Incomplete)
}

// checkEntries returns an error if Concur claims entries that did not arrive.
func checkEntries(report *expense.Report) error {
	if missing := report.MissingEntries(); missing != "" {
		return &Error{Op: "read report by " + string(report.Via), Kind: Incomplete, Message: missing}
	}
	return nil
}

// asIncomplete turns "not found" into "incomplete" for a part that an earlier answer has
// named.
func asIncomplete(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Kind != NotFound {
		return err
	}
	other := *e
	other.Kind, other.Message = Incomplete, strings.TrimSuffix("Concur names a part of it, and does not find that: "+e.Message, ": ")
	return &other
}
