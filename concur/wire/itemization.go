package wire

import (
	"fmt"
	"strings"

	"concur-connector/expense"
)

// item is an itemization as the document has it. In v2.0 it may be none: an item of the kind
// Regular repeats the entry, and its allocations and attendees are those of the entry.
type item struct {
	expense.Itemization
	kind           string // Regular or Child; v1.1 has no kinds
	attendees      []string
	listsAttendees bool // the item has a list of attendees, which may be empty
}

func (i item) isRegular() bool { return strings.EqualFold(i.kind, "Regular") }

func (d *reportReader) itemizations(into *[]item) error {
	number := 0
	return d.Each(func(name string) error {
		if name != "itemizationentrydetails" && name != "itemizationentry" && name != "itemization" {
			return nil
		}
		number++
		var i item
		before := d.Texts
		if err := d.itemization(&i); err != nil {
			return fmt.Errorf("itemization %d: %w", number, err)
		}
		if d.Texts > before {
			*into = append(*into, i)
		}
		return nil
	})
}

func (d *reportReader) itemization(i *item) error {
	allocations := func() error { return d.allocations(&i.Allocations) }
	attendees := func() error {
		i.listsAttendees = true
		return d.attendeeIDs(&i.attendees)
	}
	return d.read(elements{
		"itemtype":       &i.kind,
		"itemizationkey": &i.ID, "itemizationid": &i.ID,
		"expensekey": &i.Type, "expensetypeid": &i.Type,
		"expensename": &i.TypeName, "expensetypename": &i.TypeName,
		"transactiondate": &i.Date, "transactionamount": &i.Transaction,
		"postedamount": &i.Posted, "approvedamount": &i.Approved,
		"businesspurpose": &i.Purpose, "ispersonal": &i.Personal,
		"allocationslist": allocations, "allocations": allocations,
		"attendeeslist": attendees,
	}, &i.OrgUnits, &i.Custom)
}

// attendeeIDs keeps the IDs of attendees, to count them: one person may attend several
// itemizations of an entry.
func (d *reportReader) attendeeIDs(into *[]string) error {
	return d.Each(func(name string) error {
		if name != "attendee" {
			return nil
		}
		id, before := "", d.Texts
		err := d.Each(func(name string) error {
			if name == "attendeeid" {
				text, err := d.Text()
				return keepIfAny(err, &id, text)
			}
			hasText, err := d.Skip()
			if hasText {
				d.Texts++
			}
			return err
		})
		if d.Texts > before {
			*into = append(*into, id)
		}
		return err
	})
}

// addItemizations adds its itemizations to an entry, and returns how many people attend them.
//
// If there are items of the kind Child, a Regular item would count the same money twice, and
// is dropped. Without a Child, a Regular item is the entry itself if it has the entry's ID, or
// if it is the only one and the entry is not itemized.
func addItemizations(e *expense.Entry, items []item) (attendees int) {
	hasChild, regular := false, 0
	for _, i := range items {
		hasChild = hasChild || strings.EqualFold(i.kind, "Child")
		if i.isRegular() {
			regular++
		}
	}
	seen := map[string]bool{}
	for _, i := range items {
		for _, id := range i.attendees {
			if id == "" || !seen[id] {
				seen[id] = true
				attendees++
			}
		}
		switch isEntry := i.isRegular() && (i.ID == e.ID || regular == 1 && !expense.True(e.Itemized)); {
		case i.isRegular() && hasChild:
		case isEntry:
			e.Allocations = append(e.Allocations, i.Allocations...)
		default:
			e.Itemizations = append(e.Itemizations, i.Itemization)
		}
	}
	return attendees
}
