package main

import (
	"strconv"

	"github.com/shopspring/decimal"
)

// payment is a payment type as the interfaces name it. v1.1 prints only the key, v4 all
// three, v3 the name and an identifier of its own.
type payment struct{ key, code, name string }

// cardNames are the names of the card programs by code: company billed and company paid,
// individually billed and company paid, individually billed and individually paid.
var cardNames = map[string]string{"CBCP": "Mastercard", "IBCP": "Visa", "IBIP": "American Express"}

func isCard(code string) bool { return cardNames[code] != "" }

// payment returns the payment type with that code. Every type except cash has a number of
// the company's own as its key.
func (s *simulator) payment(code string) payment {
	if code == "CASH" {
		return payment{code, code, localised(s.opts.seed, code, "Cash")}
	}
	p := payment{strconv.Itoa(1000 + s.draw("payment type", code).IntN(9000)), code, cardNames[code]}
	setDefault(&p.name, "Payment type "+code)
	return p
}

// sums are the amounts of a report: the total, the personal part (entries or parts of
// entries), and what is due to whom. The company itself pays a CBCP card.
type sums struct{ total, personal, claimed, employee, card, company decimal.Decimal }

func (d description) sums() sums {
	if d.totals != nil {
		return *d.totals
	}
	var t sums
	for _, e := range d.Entries {
		personal := e.personalPart()
		claimed := e.posted().Sub(personal)
		t.total, t.personal, t.claimed = t.total.Add(e.posted()), t.personal.Add(personal), t.claimed.Add(claimed)
		due := &t.employee
		switch e.PaymentType {
		case "IBCP":
			due = &t.card
		case "CBCP":
			due = &t.company
		}
		*due = due.Add(claimed)
	}
	return t
}

// personalPart is what of an entry is personal: all of it, or its personal itemizations.
func (e entryDescription) personalPart() decimal.Decimal {
	part := decimal.Zero
	for _, item := range e.Itemizations {
		if item.Personal {
			part = part.Add(item.Amount.Mul(e.ExchangeRate).Round(8))
		}
	}
	if e.Personal {
		return e.posted()
	}
	return part
}
