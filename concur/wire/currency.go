package wire

import (
	"strings"

	"concur-connector/expense"
)

// SetCurrency gives the report's currency to every amount of the report that names none. The
// code of the currency may stand anywhere in a document, or in another document.
func SetCurrency(r *expense.Report) {
	r.Currency = strings.ToUpper(r.Currency)
	setCurrency(r.Currency, r.Total, r.PersonalExpenses, r.DueEmployee, r.DueCompanyCard, r.Claimed, r.Approved)
	for i := range r.Entries {
		e := &r.Entries[i]
		setCurrency(r.Currency, e.Posted, e.Approved)
		for j := range e.Itemizations {
			setCurrency(r.Currency, e.Itemizations[j].Posted, e.Itemizations[j].Approved)
		}
	}
}

// setCurrency gives a currency to the amounts that name none.
func setCurrency(currency string, amounts ...*expense.Money) {
	for _, m := range amounts {
		if m != nil && m.Currency == "" {
			m.Currency = currency
		}
	}
}

// paidIn gives a currency to the amounts that were paid. An itemization has the currency of its
// entry.
func paidIn(e *expense.Entry, currency string) {
	if e.Transaction != nil {
		e.Transaction.Currency = strings.ToUpper(currency)
	}
	for _, i := range e.Itemizations {
		if i.Transaction != nil {
			i.Transaction.Currency = strings.ToUpper(currency)
		}
	}
}
