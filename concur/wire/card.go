package wire

import (
	"strings"

	"concur-connector/expense"
)

// paidBy sets which card paid an entry. If a company card paid, no personal card did.
func paidBy(e *expense.Entry, transaction bool, paymentType string) {
	e.CompanyCard = companyCard(transaction, e.PersonalCard, paymentType)
	if e.PersonalCard == nil && expense.True(e.CompanyCard) {
		e.PersonalCard = new(false)
	}
}

// companyCard reports whether a company card paid. It returns nil if Concur does not say so.
// Three values can show it: the transaction of a card feed, the personal card, and the code of
// the payment type.
//
// An entry without a transaction may still be paid by a company card, because an employee can
// enter an expense by hand and choose the card. So the answer is no only if another way of
// paying is named. A flag of v1.1 may stand for the feed of any card, including a personal one.
// So an entry with both flags proves nothing.
//
// The codes of card programs are CBCP (the company is billed and pays), IBCP (the employee is
// billed, the company pays) and IBIP (the employee is billed and pays). v1.1 and v3 print other
// identifiers of the payment type. Of those only CASH is known.
func companyCard(transaction bool, personalCard *bool, paymentType string) *bool {
	switch strings.ToUpper(paymentType) {
	case "CBCP", "IBCP", "IBIP":
		return new(true)
	}
	switch personal := expense.True(personalCard); {
	case transaction && personal:
		return nil
	case transaction:
		return new(true)
	case personal, strings.EqualFold(paymentType, cash):
		return new(false)
	}
	return nil
}

// cash is the payment type of everything that the employee paid without a card.
const cash = "CASH"
