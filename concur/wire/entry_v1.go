package wire

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"concur-connector/concur/wire/lenient"
	"concur-connector/expense"
)

// claimed has the flags with which an entry claims to have parts.
type claimed struct{ allocations, attendees, comments string }

func (d *reportReader) entry(e *expense.Entry, number int) error {
	var vendor, currency string
	var claims claimed
	var items []item
	attendees, attendeeDigests := 0, []string(nil)
	listsAttendees, namesImage, namesEReceipt := false, false, false

	flag := func(into *string) func() error {
		return func() (err error) { *into, err = d.unkeptText(); return err }
	}
	receipt := func(named *bool) func() error {
		return func() error {
			text, err := d.unkeptText()
			switch *named = text == ""; {
			case *named:
			case lenient.IsNoID(text): // such as N/A or 0: it shows neither that there is one nor that there is none
			default:
				d.Texts++
				e.HasReceipt = new(true)
			}
			return err
		}
	}
	attendee := func() error {
		listsAttendees = true
		isOne, err := d.attendee(&attendeeDigests)
		if isOne {
			attendees++
		}
		return err
	}
	itemizations := func() error { return d.itemizations(&items) }
	allocations := func() error { return d.allocations(&e.Allocations) }
	login := func() error { return d.login(&d.entryLogins) }

	err := d.read(elements{
		"rpekey": &e.ID, "reportentryid": &e.ID,
		"expkey": &e.Type, "expensetypeid": &e.Type,
		"expname": &e.TypeName, "expensetypename": &e.TypeName,
		"spendcategory":           &e.Category,
		"transactiondate":         &e.Date,
		"transactionamount":       &e.Transaction,
		"transactioncurrencyname": &e.CurrencyName,
		"transactioncurrencycode": &currency, // v2.0 only, and not always
		"exchangerate":            decimal{&e.ExchangeRate},
		"postedamount":            &e.Posted, "approvedamount": &e.Approved,
		"businesspurpose":   &e.Purpose,
		"vendordescription": &e.Vendor, "reportentryvendorname": &vendor,
		"locationname": &e.Location, "locationsubdivision": &e.Subdivision, "locationcountry": &e.Country,
		"paymenttypekey": &e.PaymentType, "paymenttypecode": &e.PaymentType,
		"ispersonal":         &e.Personal,
		"iscreditcardcharge": &e.CompanyCard, "ispersonalcardcharge": &e.PersonalCard,
		"isitemized": &e.Itemized, "hasvat": &e.HasVAT,
		"hasexceptions": &e.HasExceptions, "hasexception": &e.HasExceptions,
		"receiptrequired": &e.ReceiptRequired, "imagerequired": &e.ImageRequired,
		"receiptimageid": receipt(&namesImage), "entryimageid": receipt(&namesImage),
		"ereceiptid": receipt(&namesEReceipt), "e-receiptid": receipt(&namesEReceipt),
		"hasallocation": flag(&claims.allocations), "hasattendees": flag(&claims.attendees), "hascomments": flag(&claims.comments),
		"commentcount": &e.CommentCount, "attendeecount": &e.AttendeeCount,
		"x_userid": login, "x-userid": login, "userloginid": login,
		"attendeedetails":  attendee,
		"itemizationslist": itemizations, "itemizationlist": itemizations,
		"allocations": allocations, "allocationslist": allocations,
	}, &e.OrgUnits, &e.Custom)

	e.Vendor = cmp.Or(e.Vendor, vendor)
	attendees += addItemizations(e, items)
	hide(e, claims.allocations)
	e.Attending = attending(attendeeDigests)
	paidIn(e, currency)
	paidBy(e, expense.True(e.CompanyCard), e.PaymentType)
	if e.HasReceipt == nil && namesImage && namesEReceipt { // both elements are there, and empty
		e.HasReceipt = new(false)
	}
	if e.AttendeeCount == nil {
		listsAttendees = listsAttendees || slices.ContainsFunc(items, func(i item) bool { return i.listsAttendees })
		e.AttendeeCount = attendeeCount(listsAttendees, attendees, claims)
	}
	if err == nil {
		d.findMissing(number, e, claims)
	}
	if isYes(claims.comments) && e.CommentCount != nil && *e.CommentCount == 0 {
		e.CommentCount = nil // the comments are on itemizations; Concur does not say how many
	}
	return err
}

// findMissing records the first part that an entry claims and does not show. Three entries may
// come without the parts that they claim:
//
//   - an itemized entry with an approved amount of zero, without its itemizations
//   - an entry with an approved amount of zero, without its allocations
//   - an itemized entry, without allocations
func (d *reportReader) findMissing(number int, e *expense.Entry, claims claimed) {
	record := func(into *string, isMissing bool, what string) {
		if isMissing && *into == "" {
			*into = fmt.Sprintf("Concur says that entry %d has %s, and none arrived", number, what)
		}
	}
	unapproved := e.Approved != nil && e.Approved.Amount.IsZero()
	itemized := expense.True(e.Itemized) || e.Itemized == nil && len(e.Itemizations) > 0
	record(&d.missing.Entries, expense.True(e.Itemized) && len(e.Itemizations) == 0 && !unapproved, "itemizations")
	record(&d.missing.Entries, isAllocated(claims.allocations) && !itemized && len(e.Allocations) == 0 && !unapproved, "allocations")
	record(&d.missing.Attendees, isYes(claims.attendees) && (e.AttendeeCount == nil || *e.AttendeeCount == 0), "attendees")
	record(&d.missing.CommentCount, isYes(claims.comments) && e.CommentCount == nil, "comments")
}

// hide sets which allocations of an entry are hidden, as far as HasAllocation says so:
//
//   - N: the entry is not allocated, and its only allocation is hidden. If there are several,
//     they contradict the flag.
//   - F: the entry is allocated in full. No allocation is hidden if they come to 100 percent.
//   - P: the entry is allocated in part, and the rest is hidden. v1.1 does not say which
//     allocation is the rest.
//   - Y: either F or P. A single allocation of 100 percent leaves no rest.
//
// v1.1 says nothing about the allocations of an itemization.
func hide(e *expense.Entry, kind string) {
	hidden, single := kind != "" && !isAllocated(kind), len(e.Allocations) == 1
	switch {
	case hidden && single:
	case (strings.EqualFold(kind, "F") || isYes(kind) && single) && expense.InFull(e.Allocations):
	default:
		return
	}
	for i := range e.Allocations {
		e.Allocations[i].Hidden = new(hidden)
	}
}

func isYes(flag string) bool { yes, _ := lenient.ParseBool(flag); return yes }

// attendeeCount returns how many attend an entry that has no count: the attendees that it
// lists, or 0 if it claims to have none. It returns nil if Concur says neither.
func attendeeCount(listed bool, attendees int, claims claimed) *int {
	if some, ok := lenient.ParseBool(claims.attendees); listed || ok && !some {
		return &attendees
	}
	return nil
}

// attendeeIdentity has the elements that identify an attendee. Other elements, such as the
// attendee's amounts of this year, change although the report does not.
var attendeeIdentity = []string{"attendeekey", "attendeetype", "externalid", "firstname", "lastname", "company", "title"}

// attendee adds the identity of an attendee to the digests, and reports whether there is one.
// The texts of an attendee do not count as texts of the entry.
func (d *reportReader) attendee(digests *[]string) (isOne bool, err error) {
	if d.Nil() {
		return d.Skip()
	}
	before, identity := d.Texts, ""
	err = d.Each(func(name string) error {
		if slices.Contains(attendeeIdentity, name) {
			text, _, err := d.Content()
			identity += name + "=" + text + "\n"
			return err
		}
		hasText, err := d.Skip()
		if hasText {
			d.Texts++
		}
		return err
	})
	*digests = append(*digests, identity)
	isOne, d.Texts = d.Texts > before, before
	return isOne, err
}

// allocations reads one allocation, or a list of them. An itemization has a list. An entry
// repeats the same element without a list. An empty element is no allocation.
func (d *reportReader) allocations(into *[]expense.Allocation) error {
	var a expense.Allocation
	nested := 0 // texts in inner allocations, which are no texts of this one
	inner := func() error {
		before := d.Texts
		err := d.allocations(into)
		nested += d.Texts - before
		return err
	}
	before := d.Texts
	err := d.read(elements{
		"allocations": inner, "allocation": inner,
		"allocationkey": &a.ID, "allockey": &a.ID, "allocationid": &a.ID,
		"percentage":   decimal{&a.Percentage},
		"accountcode1": &a.AccountCode1,
		"accountcode2": &a.AccountCode2, "accountcode": &a.AccountCode2,
	}, nil, &a.Custom)
	if d.Texts-nested > before {
		*into = append(*into, a)
	}
	return err
}
