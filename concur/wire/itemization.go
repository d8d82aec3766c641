package wire

import (
	"fmt"
	"strings"

	"concur-connector/expense"
)

// item is an itemization as it stands in the document. In v2.0 it may be none: one that
// is Regular repeats the entry, and its allocations and attendees are the entry's.
type item struct {
	expense.Itemization
	kind      string // Regular or Child; v1.1 has no kinds
	attendees []string
	listed    bool // the list of attendees is there, be it empty
}

func (i item) regular() bool { return strings.EqualFold(i.kind, "Regular") }

func (d *reportReader) itemizations(into *[]item) error {
	number := 0
	return d.each(func(name string) error {
		if name != "itemizationentrydetails" && name != "itemizationentry" && name != "itemization" {
			return nil
		}
		number++
		var i item
		before := d.texts
		if err := d.itemization(&i); err != nil {
			return fmt.Errorf("itemization %d: %w", number, err)
		}
		if d.texts > before {
			*into = append(*into, i)
		}
		return nil
	})
}

func (d *reportReader) itemization(i *item) error {
	return d.each(func(name string) error {
		switch name {
		case "itemtype":
			return d.string(&i.kind)
		case "itemizationkey", "itemizationid":
			return d.string(&i.ID)
		case "expensekey", "expensetypeid":
			return d.string(&i.Type)
		case "expensename", "expensetypename":
			return d.string(&i.TypeName)
		case "transactiondate":
			return d.date(&i.Date)
		case "transactionamount":
			return d.money(&i.Transaction)
		case "postedamount":
			return d.money(&i.Posted)
		case "approvedamount":
			return d.money(&i.Approved)
		case "businesspurpose":
			return d.string(&i.Purpose)
		case "ispersonal":
			return d.bool(&i.Personal)
		case "allocationslist", "allocations":
			return d.allocations(&i.Allocations)
		case "attendeeslist":
			i.listed = true
			return d.attendees(&i.attendees)
		}
		return d.fields(name, &i.OrgUnits, &i.Custom)
	})
}

// attendees keeps nothing of them but their IDs, by which they are counted: one may
// attend several itemizations of an entry.
func (d *reportReader) attendees(into *[]string) error {
	return d.each(func(name string) error {
		if name != "attendee" {
			return nil
		}
		id := ""
		before := d.texts
		err := d.each(func(name string) error {
			if name == "attendeeid" {
				return d.string(&id)
			}
			text, err := d.skip()
			if text {
				d.texts++
			}
			return err
		})
		if d.texts > before {
			*into = append(*into, id)
		}
		return err
	})
}

// settle gives the entry what its itemizations say. Where there are any of kind Child,
// a Regular one would count the same money twice. Without a Child the Regular one is
// the entry itself when it has the entry's ID, or stands alone under an entry that is
// not itemized. It returns how many attendees there are.
func settle(e *expense.Entry, items []item) (attendees int) {
	hasChild, regular := false, 0
	for _, i := range items {
		hasChild = hasChild || strings.EqualFold(i.kind, "Child")
		if i.regular() {
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
		switch itself := i.regular() && (i.ID == e.ID || regular == 1 && !expense.True(e.Itemized)); {
		case i.regular() && hasChild:
		case itself:
			e.Allocations = append(e.Allocations, i.Allocations...)
		default:
			e.Itemizations = append(e.Itemizations, i.Itemization)
		}
	}
	return attendees
}
