package policy

import (
	"fmt"
	"regexp"
	"strings"

	"concur-connector/policy/value"

	"cel.dev/cel-go/common/operators"
)

// amountText is an amount with its currency, as people write one.
var amountText = regexp.MustCompile(`^\s*([+-]?[0-9.]+)\s*([A-Z]{3})\s*$`)

func (w *mismatch) sayMoney(m, other arg) string {
	amount := amountText.FindStringSubmatch(other.text)
	switch {
	case other.typ == "money":
		return ""
	case other.typ == "decimal":
		return fmt.Sprintf("an amount meets an amount: money(%s, %s), or as decimals: %s.amount()", other.text, w.currency, m.text)
	case other.literal && amount != nil:
		return fmt.Sprintf("an amount is written money(%q, %q)", amount[1], amount[2])
	case other.isNumber():
		return fmt.Sprintf("an amount has a currency: money(%q, %s)", other.text, w.currency)
	case other.typ == "int":
		return fmt.Sprintf("an amount has a currency: money(decimal(%s), %s)", other.text, w.currency)
	case other.typ == "string" && strings.HasSuffix(other.text, "urrency"):
		return fmt.Sprintf("a currency is compared with %s.currency()", m.text)
	case other.typ == "string":
		return fmt.Sprintf(`an amount meets an amount: money("75.00", %s)`, w.currency)
	}
	return ""
}

func (w *mismatch) sayDate(d, other arg) string {
	switch {
	case other.typ == "date" && w.function == operators.Subtract:
		return fmt.Sprintf("the days between two dates are daysBetween(%s, %s)", w.args[1].text, w.args[0].text)
	case other.typ == "string" && other.literal:
		if _, ok := value.ParseDate(other.text); !ok {
			return `a date is written date("2026-05-01")`
		}
		return fmt.Sprintf("a date is written date(%q)", other.text)
	case other.typ == "string":
		return fmt.Sprintf("a date meets a date: date(%s)", other.text)
	case other.typ == "int" && w.function == operators.Add:
		return fmt.Sprintf("days are added by %s.plusDays(%s)", d.text, other.text)
	case other.typ == "int" && w.function == operators.Subtract:
		return fmt.Sprintf("days are taken away by %s.plusDays(-%s)", d.text, other.text)
	case other.typ == "int":
		return fmt.Sprintf("a date meets a date; the days from one to another are %s.daysUntil(other)", d.text)
	}
	return ""
}

func (w *mismatch) sayDivision() string {
	a, b := w.args[0], w.args[1]
	divisor := b.text
	if b.typ == "double" || b.typ == "string" {
		divisor = b.asDecimal()
	}
	switch {
	case a.typ == "money" && b.typ == "money":
		return fmt.Sprintf("the ratio of two amounts is %s.amount().dividedBy(%s.amount(), 4), rounded to 4 decimals", a.text, b.text)
	case a.typ == "money":
		return fmt.Sprintf("an amount is divided by %s.dividedBy(%s), which rounds to 8 decimals", a.text, divisor)
	case a.typ == "decimal":
		return fmt.Sprintf("a decimal is divided by %s.dividedBy(%s, 4), which rounds to 4 decimals", a.text, divisor)
	case a.typ == "int" && b.typ != "int":
		return fmt.Sprintf("a decimal is divided by %s.dividedBy(%s, 4), which rounds to 4 decimals", a.asDecimal(), divisor)
	}
	return ""
}

func (w *mismatch) sayProduct() string {
	if m, other, ok := w.with("money"); ok {
		switch {
		case other.typ == "money":
			return fmt.Sprintf("two amounts cannot be multiplied; one of them can be a decimal: %s.amount()", other.text)
		case other.typ == "string" || other.typ == "double":
			return fmt.Sprintf("an amount is multiplied by an int or a decimal: %s * %s", m.text, other.asDecimal())
		}
		return ""
	}
	if _, other, ok := w.with("decimal"); ok {
		return fmt.Sprintf("a decimal meets a decimal: %s", other.asDecimal())
	}
	return ""
}

// sayPlain is for what has neither an amount nor a date in it.
func (w *mismatch) sayPlain() string {
	if f, other, ok := w.with("Field"); ok && other.typ == "string" {
		return fmt.Sprintf("of a field %s.value or %s.code is compared", f.text, f.text)
	}
	for _, row := range w.args {
		if strings.HasPrefix(row.typ, "Row of ") && (w.function == operators.Equals || w.function == operators.NotEquals) {
			return "of a row one of its columns is compared: lists.name[key].column"
		}
	}
	if b, other, ok := w.with("bool"); ok && other.literal {
		return fmt.Sprintf("it is true or false; write %s, or !%s", b.text, b.text)
	}
	if d, other, ok := w.with("double"); ok && other.typ == "int" && d.literal {
		return fmt.Sprintf("floating-point numbers are not exact; write a whole number, or decimal(%s) and decimal(%q)", other.text, d.text)
	}
	if text, other, ok := w.with("string"); ok && (other.typ == "int" || other.typ == "double") {
		switch {
		case text.isNumber() && other.typ == "int":
			return fmt.Sprintf("a number is written without quotation marks: %s", text.text)
		case other.literal && isNumeral(text.text):
			return fmt.Sprintf("%s is a text; write decimal(%s), and %s", text.text, text.text, other.asDecimal())
		case other.literal && (w.function == operators.Equals || w.function == operators.NotEquals):
			return fmt.Sprintf("a text is written in quotation marks: %q", other.text)
		default:
			return fmt.Sprintf("%s is a text; write decimal(%s), and %s", text.text, text.text, other.asDecimal())
		}
	}
	return ""
}

// isNumeral reports whether a field is a text that holds a number.
func isNumeral(text string) bool {
	return strings.HasSuffix(text, ".percentage") || strings.HasSuffix(text, ".exchangeRate")
}

func (w *mismatch) sayFunction() string {
	first := w.args[0]
	switch w.function {
	case "money":
		return w.sayNewMoney()
	case "decimal":
		if first.typ == "Field" {
			return fmt.Sprintf("of a field its value is read: decimal(%s.value)", first.text)
		}
		return fmt.Sprintf("decimal() takes a text or an int: %s", first.asDecimal())
	case "convert":
		return `convert() takes the rate and the currency: convert(entry.exchangeRate, "USD"), or convert(decimal("1.19"), "USD")`
	case "sum":
		if first.typ == "list(string)" {
			return "sum() adds amounts, decimals or ints, not texts: sum(entry.allocations.map(a, decimal(a.percentage)))"
		}
		return "sum() takes a list of amounts, decimals or ints: sum(report.entries.map(e, e.posted))"
	case "min", "max":
		return fmt.Sprintf("%s() takes a list of amounts, decimals, ints or dates: %s([a, b])", w.function, w.function)
	case "abs", "rounded", "amount", "currency", "weekday", "year", "month", "day", "isWeekend":
		return fmt.Sprintf("%s() stands behind an amount, decimal or date: %s.%s()", w.function, first.text, w.function)
	case "round":
		if len(w.args) == 2 && w.args[1].typ != "int" {
			return "round() takes the number of decimals: round(2)"
		}
		return "round() stands behind an amount or decimal, and takes the number of decimals: a.round(2)"
	case "isMultipleOf":
		return fmt.Sprintf(`isMultipleOf() takes an amount: money("100", %s)`, w.currency)
	case "plusDays", "plusMonths":
		return fmt.Sprintf("%s() takes a whole number: %s(30)", w.function, w.function)
	case "daysBetween", "daysUntil":
		return fmt.Sprintf(`%s() is of two dates; one is written date("2026-05-01")`, w.function)
	case "dividedBy":
		return "an amount has dividedBy(3); a decimal has dividedBy(3, 4), with the decimals to round to"
	case value.PairFunction:
		return fmt.Sprintf("the key of groupBy() and totalBy() is a text, an int, true or false, or a date, not %s; of two, join their texts", first.typ)
	case value.TotalFunction:
		return "totalBy() adds amounts, decimals or ints"
	case "distinct":
		return "distinct() is of texts, ints, flags or dates: report.entries.map(e, e.vendor).distinct()"
	}
	return ""
}

func (w *mismatch) sayNewMoney() string {
	amount := `"75.00"`
	if w.args[0].isNumber() {
		amount = fmt.Sprintf("%q", w.args[0].text)
	}
	currency := `"USD"`
	if len(w.args) == 2 && w.args[1].typ == "string" && w.args[1].literal {
		currency = fmt.Sprintf("%q", w.args[1].text)
	}
	return fmt.Sprintf("money() takes the amount as text and the currency: money(%s, %s)", amount, currency)
}
