package hint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"concur-connector/policy/value"
)

// table explains the mistakes. The first row that knows a mistake explains it, so that special
// rows stand above general ones.
//
// In a text, {a} and {b} are the arguments, in the order of the row's types; {f} is the function
// and {currency} that of the report or travel request. {b:decimal} is an argument made a decimal.
// {1} is what the pattern for the rest has found.
var table = []row{
	// Words and signs of other languages, by what stands around the place of the mistake.
	follows(`(?:if|then|else)\b`, "write a choice as condition ? this : that"),
	follows(`not\s+in\b`, `write "not in" as !(value in list)`),
	follows(`(?:i?like|contains|matches)\b|=~`, `search a text with entry.vendor.contains("x"), startsWith(), endsWith(), or for a pattern with entry.vendor.matches("^A")`),
	follows(`is\b`, "ask with has(entry.vendor) whether something is there"),
	follows(`between\b`, `write "between" as a >= b && a <= c`),
	follows(`for\b`, "to ask the elements of a list, write report.entries.exists(e, e.personal), all(), filter() or map()"),
	around(`(?i)\bin\s*\([^()]*$`, `^,`, `write a list in square brackets: in ["MEALS", "DINNR"]`),
	around(`\[[^\[\]]*$`, `^:`, "take a part of a text with entry.vendor.substring(0, 3)"),
	around(`\w\(\s*\w+\s*$`, `^(?:=>|->)`, "write a comma after the name of the element: exists(e, e.personal)"),
	around(``, `^&\s*"`, "join texts with +"),
	around(`\d\s*%\s*$`, ``, `write a percentage as a factor: half of it is * decimal("0.5")`),
	around(`<$`, `^>`, `write "differs" as !=`),
	around(`(?:custom|orgUnits)$`, `^\.\d`, `name a custom field or organisational unit by its number in brackets: custom["3"]`),
	around(`(?i)\bnot\s+$`, ``, `write "not" as !`),
	around(``, `^(?:[A-Z]{3}|(?i:money))\b`, `write an amount as money("75.00", "USD")`),
	follows(`(and\b|&)`, `write "{1}" as &&`),
	follows(`(or\b|\|)`, `write "{1}" as ||`),
	follows(`=>`, `write "at least" as >=`),
	follows(`=<`, `write "at most" as <=`),
	follows(`:?=`, "write equality with two signs: =="),
	follows("[“”„‟«»‘’‚´`]", `write a text in straight quotes: "MEALS"`),
	follows("[–—−]", "write minus as -"),
	follows("[\u00a0\u2007\u202f\u200b\ufeff]", "this looks like a space and is none; type it again"),
	follows(`(?:"[^"]*|'[^']*)$`, `a text is not closed; after " #" YAML takes the rest for a comment: write the expression under a |`),
	follows(`#`, "an expression has no comments after #; write them with //"),
	around(`\bhas\([^()]*$`, ``, `has() takes a field: has(entry.vendor), has(entry.custom["3"].value)`),
	follows(`\s*$`, "it ends too early: something is missing, or a bracket is not closed"),
	follows(`\)`, "a bracket is closed that is not open, or something is missing before it"),

	// Names that are not known.
	knownElsewhere,
	called("len length count", "write size()"),
	called("if iif", "write condition ? this : that"),
	called("and or not", "write a && b, a || b or !a"),
	called("sumif sumifs", `write sum(report.entries.filter(e, e.type == "TAXI").map(e, e.posted), report.currency)`),
	called("countif countifs", `write report.entries.filter(e, e.type == "TAXI").size()`),
	called("average avg", "write sum(amounts).dividedBy(number)"),
	called("str tostring text", "write string()"),
	called("concat concatenate", "join texts with +"),
	called("float number value", "write decimal()"),
	called("isnumber", "write isDecimal()"),
	called("upper toupper touppercase", "write upperAscii()"),
	called("lower tolower tolowercase", "write lowerAscii()"),
	called("left mid slice", "write substring(0, 3)"),
	called("strip", "write trim()"),
	called("isblank isempty isnull exist coalesce ifnull nvl", `ask with has(entry.vendor), or compare with ""`),
	called("includes regex", `write entry.vendor.contains("x"), entry.vendor.matches("^A"), or value in list`),
	called("any some every forall none", "write exists(e, ...), all(e, ...) or !list.exists(e, ...)"),
	called("lookup vlookup xlookup inlist", `write lists.name["key"].column, or key in lists.name`),
	called("datedif datediff days", "write daysBetween(a, b)"),
	called("adddays dateadd", "write d.plusDays(30)"),
	called("year month day weekday", "write d.{f}()"),
	called("unique", "write distinct()"),
	called("rounded", "write roundToCurrency()"),
	called("mod", "write a.isMultipleOf(b), or a % b of ints"),
	unknownFunctions,
	unknownNames,
	unknownFields,
	noFields,

	// Calls of a function with what the function does not take.
	either("", "null is not known here; ask with has() whether something is there", "null", "*"),
	call("money", `money() takes the amount as text and the currency: money("{a}", "USD")`, "number"),
	call("money", `money() takes the amount as text and the currency: money("75.00", "USD")`),
	call("decimal", "read the value of a field: decimal({a}.value)", "Field"),
	call("decimal", "decimal() takes a text or an int: {a:decimal}"),
	call("convert", `convert() takes the rate and the currency: convert(entry.exchangeRate, "USD"), or convert(decimal("1.19"), "USD")`),
	call("sum", "sum() adds amounts, decimals or ints, not texts: sum(entry.allocations.map(a, decimal(a.percentage)))", "list(string)"),
	call("sum", "sum() takes a list of amounts, decimals or ints: sum(report.entries.map(e, e.posted))"),
	call("min max", "{f}() takes a list of amounts, decimals, ints or dates: {f}([a, b])"),
	call("abs roundToCurrency amount currency weekday year month day isWeekend", "call {f}() on an amount, a decimal or a date: {a}.{f}()"),
	call("round", "call round() on an amount or a decimal, with the number of decimals: a.round(2)"),
	call("isMultipleOf", `isMultipleOf() takes an amount: money("100", {currency})`),
	call("plusDays plusMonths", "{f}() takes a whole number: {f}(30)"),
	call("daysBetween daysUntil", `{f}() takes dates; write one as date("2026-05-01")`),
	call("dividedBy", "an amount has dividedBy(3); a decimal has dividedBy(3, 4), with the number of decimals to round to"),
	call(value.PairFunction, "the key of groupBy() and totalBy() must be a text, an int, true or false, or a date, not {a:type}; join two keys as texts"),
	call(value.TotalFunction, "totalBy() adds amounts, decimals or ints"),
	call("distinct", "distinct() takes texts, ints, flags or dates: report.entries.map(e, e.vendor).distinct()"),
	call("date", `write a date as date("2026-05-01")`, "int"),
	call("contains", "ask whether a list has a row with: key in lists.{a:list}", "map(string, Row of *"),
	call("contains startsWith endsWith indexOf split replace matches substring trim lowerAscii upperAscii", "call {f}() on the text: {a}.{f}()", "bracketed string"),
	call("_[_]", `name a custom field or organisational unit by its number as a text: custom["3"]`, "map(string, Field)", "int"),
	call("in", `look for the value or the code of a field: entry.custom["3"].code in lists.name`, "Field"),

	// Operators, from the special to the general.
	call("/", "write the ratio of two amounts as {a}.amount().dividedBy({b}.amount(), 4), which rounds to 4 decimals", "money", "money"),
	call("/", "divide an amount with {a}.dividedBy({b:divisor}), which rounds to 8 decimals", "money", "*"),
	call("/", "divide a decimal with {a:decimal}.dividedBy({b:divisor}, 4), which rounds to 4 decimals", "decimal|int", "*"),
	either("*", "two amounts cannot be multiplied; make one of them a decimal: {b}.amount()", "money", "money"),
	either("*", "multiply an amount by an int or a decimal: {a} * {b:decimal}", "money", "string|double"),
	either("%", `test for a round amount with {a}.isMultipleOf(money("{b}", {currency}))`, "money", "number"),
	either("", `write an amount as {b:money}`, "money", "amount"),
	either("", `an amount needs a currency: money("{b}", {currency})`, "money", "number"),
	either("+", "join a text with a text: string({b})", "string", "int|bool|double|decimal|date|money"),
	either("", "an amount needs a currency: money({b:decimal}, {currency})", "money", "decimal|int"),
	either("", "compare a currency with {a}.currency()", "money", "currency"),
	either("", `write an amount on both sides: money("75.00", {currency})`, "money", "string"),
	call("-", "count the days between two dates with daysBetween({b}, {a})", "date", "date"),
	either("", `write a date as date("{b}")`, "date", "day"),
	either("", `write a date as date("2026-05-01")`, "date", "literal string"),
	either("", "write a date on both sides: date({b})", "date", "string"),
	either("+", "add days with {a}.plusDays({b})", "date", "int"),
	either("-", "subtract days with {a}.plusDays(-{b})", "date", "int"),
	either("", "write a date on both sides; {a}.daysUntil(other) counts the days from one to the other", "date", "int"),
	either("", "write a decimal on both sides: {b:decimal}", "decimal", "int|double|string|money"),
	either("", "compare the value or the code of a field: {a}.value or {a}.code", "Field", "string"),
	either("== !=", "compare a column of the row: lists.name[key].column", "Row of *", "*"),
	either("", "it is true or false; write {a}, or !{a}", "bool", "literal *"),
	either("", `floating-point numbers are not exact; write a whole number, or decimal({b}) and decimal("{a}")`, "literal double", "int"),
	either("", "write a number without quotation marks: {a}", "number string", "int"),
	either("== !=", "{a} is a text; write decimal({a}), and {b:decimal}", "numeral", "int|double"),
	either("== !=", `write a text in quotation marks: "{b}"`, "string", "literal int|literal double"),
	either("< <= > >= + - * / %", "{a} is a text; write decimal({a}), and {b:decimal}", "string", "int|double"),
	cannotBeUsed,

	func(m *mistake) string {
		if m.kind != pattern {
			return ""
		}
		return "matches() cannot read the pattern: it must be one of RE2, with its brackets closed"
	},
}

// row explains a mistake. The result is empty when the row does not know the mistake.
type row func(m *mistake) string

// follows is for text that the parser cannot read, in capitals or not.
func follows(rest, say string) row { return around(``, `^(?i:`+rest+`)`, say) }

// around is for text that the parser cannot read, by what stands before and behind.
func around(before, rest, say string) row {
	b, r := regexp.MustCompile(before), regexp.MustCompile(rest)
	return func(m *mistake) string {
		if m.kind != syntax && m.kind != macro || !b.MatchString(m.before) {
			return ""
		}
		found := r.FindStringSubmatch(m.rest)
		if found == nil {
			return ""
		}
		return strings.ReplaceAll(say, "{1}", found[len(found)-1])
	}
}

// called is for functions of other languages, in capitals or not.
func called(names, say string) row {
	return func(m *mistake) string {
		name := strings.ToLower(m.name)
		if m.kind != unknownFunction || !slices.Contains(strings.Fields(names), name) {
			return ""
		}
		return m.undeclared() + "; " + strings.ReplaceAll(say, "{f}", name)
	}
}

// call is for functions, and for operators by their sign. Types are those of the first
// arguments; without types the row is for any arguments.
func call(names, say string, types ...string) row {
	return func(m *mistake) string {
		if !m.is(names, m.args, types) {
			return ""
		}
		return m.fill(say, m.args)
	}
}

// either is for an operator and its two arguments in either order; without a sign for every
// operator.
func either(signs, say, a, b string) row {
	return func(m *mistake) string {
		if len(m.args) != 2 || signs == "" && !isSign.MatchString(m.name) {
			return ""
		}
		for _, args := range [][]arg{m.args, {m.args[1], m.args[0]}} {
			if m.is(signs, args, []string{a, b}) {
				return m.fill(say, args)
			}
		}
		return ""
	}
}

// is reports whether a function or operator of one of the names is called with such arguments.
func (m *mistake) is(names string, args []arg, types []string) bool {
	if m.kind != mismatch || names != "" && !slices.Contains(strings.Fields(names), m.name) || len(args) < max(1, len(types)) {
		return false
	}
	for i, t := range types {
		if !args[i].is(t) {
			return false
		}
	}
	return true
}

var (
	isSign     = regexp.MustCompile(`^(?:[-+*/%<>=!]+|in)$`)
	digits     = regexp.MustCompile(`^-?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]+)?`)
	amountText = regexp.MustCompile(`^\s*([+-]?[0-9.]+)\s*([A-Z]{3})\s*$`)
	slot       = regexp.MustCompile(`\{(\w+)(?::(\w+))?\}`)
)

// is reports whether an argument is of a type, as CEL writes it. "*" is any, "x*" any that
// begins with x, and "x|y" one of several. Beside types there are: "literal x"; "bracketed x",
// which does not stand in front of the function; "number", a number that is written out, be it
// as a text; "amount", a text such as "75.00 USD"; "day", a text that is a date; "currency" and
// "numeral", fields that hold a currency or a number.
func (a arg) is(typ string) bool {
	if first, others, several := strings.Cut(typ, "|"); several {
		return a.is(first) || a.is(others)
	}
	if of, literal := strings.CutPrefix(typ, "literal "); literal {
		return a.literal && a.is(of)
	}
	if of, bracketed := strings.CutPrefix(typ, "bracketed "); bracketed {
		return !a.front && a.is(of)
	}
	switch typ {
	case "number", "number string":
		return a.literal && value.IsDecimal(a.text) && (typ == "number" || a.typ == "string")
	case "amount":
		return a.literal && amountText.MatchString(a.text)
	case "day":
		_, ok := value.ParseDate(a.text)
		return a.literal && a.typ == "string" && ok
	case "currency":
		return a.typ == "string" && strings.HasSuffix(a.text, "urrency")
	case "numeral":
		return a.typ == "string" && (strings.HasSuffix(a.text, ".percentage") || strings.HasSuffix(a.text, ".exchangeRate"))
	}
	if start, any := strings.CutSuffix(typ, "*"); any {
		return strings.HasPrefix(a.typ, start)
	}
	return a.typ == typ
}

// as writes an argument in another form.
func (a arg) as(form string) string {
	switch {
	case form == "type":
		return a.typ
	case form == "list":
		return strings.TrimSuffix(strings.TrimPrefix(a.typ, "map(string, Row of "), ")")
	case form == "money":
		return amountText.ReplaceAllString(a.text, `money("$1", "$2")`)
	case form == "", a.typ == "decimal", form == "divisor" && a.typ == "int":
		return a.text
	case a.typ == "money":
		return a.text + ".amount()"
	case a.literal && a.typ != "int":
		return fmt.Sprintf("decimal(%q)", a.text)
	}
	return fmt.Sprintf("decimal(%s)", a.text)
}

// fill puts the arguments into a text.
func (m *mistake) fill(say string, args []arg) string {
	return slot.ReplaceAllStringFunc(say, func(text string) string {
		found := slot.FindStringSubmatch(text)
		switch found[1] {
		case "a":
			return args[0].as(found[2])
		case "b":
			return args[1].as(found[2])
		case "f":
			return m.name
		}
		return m.level.Sees[len(m.level.Sees)-1] + ".currency"
	})
}

// cannotBeUsed is for every other call.
func cannotBeUsed(m *mistake) string {
	if m.kind != mismatch || m.hasWrongArg() {
		return ""
	}
	var types []string
	for _, a := range m.args {
		types = append(types, a.typ)
	}
	name := m.name
	if !isSign.MatchString(name) {
		name += "()"
	}
	return fmt.Sprintf("%s cannot be used with %s", name, strings.Join(types, " and "))
}
