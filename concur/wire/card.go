package wire

import (
	"strings"

	"concur-connector/expense"
)

// paidBy gives an entry what Concur tells of the card that paid it. What a company card paid
// was paid by no personal card.
func paidBy(e *expense.Entry, transaction bool, paymentType string) {
	e.CompanyCard = companyCard(transaction, e.PersonalCard, paymentType)
	if e.PersonalCard == nil && expense.True(e.CompanyCard) {
		e.PersonalCard = new(false)
	}
}

// companyCard reports whether a company card paid, or nil when Concur does not tell. Three
// things can tell it: a transaction of a card feed, the personal card, and the code of the
// payment type. No transaction is no proof: an employee can type an expense by hand and
// choose the company card. So the answer is no only where another way of paying is named.
// A flag of v1.1 may stand for the feed of any card, a personal one included. So an entry
// that is said to come from both feeds tells nothing by them.
//
// The codes of card programs are CBCP (the company is billed and pays), IBCP (the employee
// is billed, the company pays) and IBIP (the employee is billed and pays). v1.1 and v3 give
// other identifiers of the payment type, of which only CASH is known.
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

// cash is the payment type of everything that the employee paid otherwise than by card.
const cash = "CASH"
