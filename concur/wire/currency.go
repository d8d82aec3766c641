package wire

import (
	"strings"

	"concur-connector/expense"
)

// SetCurrency gives the report's currency to every amount that is in it and that names
// none: its code may stand anywhere in a document, or in another one.
func SetCurrency(r *expense.Report) {
	set := func(amounts ...*expense.Money) {
		for _, m := range amounts {
			if m != nil && m.Currency == "" {
				m.Currency = r.Currency
			}
		}
	}
	r.Currency = strings.ToUpper(r.Currency)
	set(r.Total, r.PersonalExpenses, r.DueEmployee, r.DueCompanyCard, r.Claimed, r.Approved)
	for i := range r.Entries {
		e := &r.Entries[i]
		set(e.Posted, e.Approved)
		for j := range e.Itemizations {
			set(e.Itemizations[j].Posted, e.Itemizations[j].Approved)
		}
	}
}
