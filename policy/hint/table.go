package hint

import (
	"fmt"
	"regexp"
	"strings"

	"concur-connector/policy/value"
)

// table has one row for each kind of mistake that is explained. The first row that knows a
// mistake explains it, so that special rows stand above general ones.
//
// In a text, {a} and {b} are the first and the second argument, {x} and {y} the arguments of a
// row for either order, {f} is the function and {currency} that of the report or request.
// {y:decimal} is an argument made a decimal. {1} is what the pattern for the rest has found.
var table = []row{
	// Words and signs of other languages, by what stands around the place of the mistake.
	follows(`if\b`, "write a choice as condition ? this : that"),
	follows(`(?:then|else)\b`, "write a choice as condition ? this : that"),
	follows(`not\s+in\b`, `write "not in" as !(value in list)`),
	follows(`(?:i?like|contains|matches)\b`, `search a text with entry.vendor.contains("x"), startsWith() or endsWith(), or for a pattern with matches()`),
	follows(`is\b`, "ask with has(entry.vendor) whether something is there"),
	follows(`between\b`, `write "between" as a >= b && a <= c`),
	follows(`for\b`, "to ask the elements of a list, write report.entries.exists(e, e.personal), all(), filter() or map()"),
	follows(`xor\b`, "write a != b where exactly one of two flags must be set"),
	follows(`(and)\b`, `write "{1}" as &&`),
	follows(`(or)\b`, `write "{1}" as ||`),
	follows(`=~`, `search for a pattern with entry.vendor.matches("^A")`),
	follows(`:=`, "write equality with two signs: =="),
	around(`(?i)\bin\s*\([^()]*$`, `^,`, `write a list in square brackets: in ["MEALS", "DINNR"]`),
	around(`\[[^\[\]]*$`, `^:`, "take a part of a text with entry.vendor.substring(0, 3)"),
	around(`\w\(\s*\w+\s*$`, `^(?:=>|->)`, "write a comma after the name of the element: exists(e, e.personal)"),
	around(`"\s*$`, `^&[^&]`, "join texts with +"),
	around(``, `^&\s*"`, "join texts with +"),
	around(`\d\s*%\s*$`, ``, `write a percentage as a factor: half of it is * decimal("0.5")`),
	around(`<$`, `^>`, `write "differs" as !=`),
	around(`(?:custom|orgUnits)$`, `^\.\d`, `name a custom field or organisational unit by its number in brackets: custom["3"]`),
	around(`(?i)\bnot\s+$`, ``, `write "not" as !`),
	around(``, `^(?:[A-Z]{3}|(?i:money))\b`, `write an amount as money("75.00", "USD")`),
	follows(`=>`, `write "at least" as >=`),
	follows(`=<`, `write "at most" as <=`),
	follows(`=`, "write equality with two signs: =="),
	follows("[“”„‟«»]", `write a text in straight quotes: "MEALS"`),
	follows("[‘’‚´`]", `write a text in straight quotes: 'MEALS'`),
	follows("[–—−]", "write minus as -"),
	follows("[\u00a0\u2007\u202f\u200b\ufeff]", "this looks like a space and is none; type it again"),
	follows(`&`, `write "and" as &&`),
	follows(`\|`, `write "or" as ||`),
	follows(`(?:"[^"]*|'[^']*)$`, `a text is not closed; after " #" YAML takes the rest for a comment: write the expression under a |`),
	follows(`#`, "an expression has no comments after #; write them with //"),
	openBrackets,
	around(`\bhas\([^()]*$`, ``, `has() takes a field: has(entry.vendor), has(entry.custom["3"].value)`),

	// Names that are not known.
	unknownNames,
	unknownFields,
	noFields,

	// Calls of a function with what the function does not take.
	nullRow,
	call("money", `money() takes the amount as text and the currency: money("{a}", "{b}")`, "number", "literal string"),
	call("money", `money() takes the amount as text and the currency: money("{a}", "USD")`, "number"),
	call("money", `money() takes the amount as text and the currency: money("75.00", "USD")`),
	call("decimal", "read the value of a field: decimal({a}.value)", "Field"),
	call("decimal", "decimal() takes a text or an int: {a:decimal}"),
	call("convert", `convert() takes the rate and the currency: convert(entry.exchangeRate, "USD"), or convert(decimal("1.19"), "USD")`),
	call("sum", "sum() adds amounts, decimals or ints, not texts: sum(entry.allocations.map(a, decimal(a.percentage)))", "list(string)"),
	call("sum", "sum() takes a list of amounts, decimals or ints: sum(report.entries.map(e, e.posted))"),
	call("min max", "{f}() takes a list of amounts, decimals, ints or dates: {f}([a, b])"),
	call("abs roundToCurrency amount currency weekday year month day isWeekend", "call {f}() on an amount, a decimal or a date: {a}.{f}()"),
	call("round", "call round() on an amount or a decimal, with the number of decimals: a.round(2)", "*", "int"),
	call("round", "round() takes the number of decimals: round(2)"),
	call("isMultipleOf", `isMultipleOf() takes an amount: money("100", {currency})`),
	call("plusDays plusMonths", "{f}() takes a whole number: {f}(30)"),
	call("daysBetween daysUntil", `{f}() takes dates; write one as date("2026-05-01")`),
	call("dividedBy", "an amount has dividedBy(3); a decimal has dividedBy(3, 4), with the number of decimals to round to"),
	call(value.PairFunction, "the key of groupBy() and totalBy() must be a text, an int, true or false, or a date, not {a:type}; join two keys as texts"),
	call(value.TotalFunction, "totalBy() adds amounts, decimals or ints"),
	call("distinct", "distinct() takes texts, ints, flags or dates: report.entries.map(e, e.vendor).distinct()"),
	call("date", `write a date as date("2026-05-01")`, "int"),
	call("contains", "ask whether a list has a row with: key in lists.{a:list}", "map(string, Row of *"),
	call("_[_]", `name a custom field or organisational unit by its number as a text: custom["3"]`, "map(string, Field)", "int"),
	call("in", `look for the value or the code of a field: entry.custom["3"].code in lists.name`, "Field"),
	inList,
	textFunction("contains startsWith endsWith indexOf split replace matches substring", `call {f}() on the text: entry.vendor.{f}("x")`, 2),
	textFunction("trim lowerAscii upperAscii", `call {f}() on the text: entry.vendor.{f}()`, 1),

	// Operators, from the special to the general.
	call("/", "write the ratio of two amounts as {a}.amount().dividedBy({b}.amount(), 4), which rounds to 4 decimals", "money", "money"),
	call("/", "divide an amount with {a}.dividedBy({b:divisor}), which rounds to 8 decimals", "money", "*"),
	call("/", "divide a decimal with {a}.dividedBy({b:divisor}, 4), which rounds to 4 decimals", "decimal", "*"),
	call("/", "divide a decimal with {a:decimal}.dividedBy({b:divisor}, 4), which rounds to 4 decimals", "int", "double|decimal|string|money"),
	either("*", "two amounts cannot be multiplied; make one of them a decimal: {y}.amount()", "money", "money"),
	either("*", "multiply an amount by an int or a decimal: {x} * {y:decimal}", "money", "string|double"),
	either("%", `test for a round amount with {x}.isMultipleOf(money("{y}", {currency}))`, "money", "int|double|string|decimal"),
	either("", `write an amount as {y:money}`, "money", "amount"),
	either("", `an amount needs a currency: money("{y}", {currency})`, "money", "number"),
	either("+", "join a text with a text: string({y})", "string", "int|bool|double|decimal|date|money"),
	either("", "write an amount on both sides: money({y}, {currency}), or two decimals: {x}.amount()", "money", "decimal"),
	either("", "an amount needs a currency: money(decimal({y}), {currency})", "money", "int"),
	either("", "compare a currency with {x}.currency()", "money", "currency"),
	either("", `write an amount on both sides: money("75.00", {currency})`, "money", "string"),
	call("-", "count the days between two dates with daysBetween({b}, {a})", "date", "date"),
	either("", `write a date as date("{y}")`, "date", "day"),
	either("", `write a date as date("2026-05-01")`, "date", "literal string"),
	either("", "write a date on both sides: date({y})", "date", "string"),
	either("+", "add days with {x}.plusDays({y})", "date", "int"),
	either("-", "subtract days with {x}.plusDays(-{y})", "date", "int"),
	either("", "write a date on both sides; {x}.daysUntil(other) counts the days from one to the other", "date", "int"),
	either("", "write a decimal on both sides: {y:decimal}", "decimal", "int|double|string|money"),
	either("", "compare the value or the code of a field: {x}.value or {x}.code", "Field", "string"),
	either("== !=", "compare a column of the row: lists.name[key].column", "Row of *", "*"),
	either("", "it is true or false; write {x}, or !{x}", "bool", "literal *"),
	either("", `floating-point numbers are not exact; write a whole number, or decimal({y}) and decimal("{x}")`, "literal double", "int"),
	either("", "write a number without quotation marks: {x}", "number string", "int"),
	either("== !=", "{x} is a text; write decimal({x}), and {y:decimal}", "numeral", "int|double"),
	either("== !=", `write a text in quotation marks: "{y}"`, "string", "literal int|literal double"),
	either("< <= > >= == != + - * / %", "{x} is a text; write decimal({x}), and {y:decimal}", "string", "int|double"),
	doesNotGo,

	pattern,
}

// row explains a mistake; empty when the row does not know it.
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

// call is for functions, and for operators by their sign. Types are those of the first
// arguments; none stands for any.
func call(names, say string, types ...string) row {
	return func(m *mistake) string {
		if m.kind != mismatch || !oneOf(names, m.name) || len(m.args) < max(1, len(types)) {
			return ""
		}
		for i, t := range types {
			if !m.args[i].is(t) {
				return ""
			}
		}
		return m.fill(say, m.args[0], m.args[0])
	}
}

// either is for an operator and its two arguments in either order; without a sign for every
// operator.
func either(signs, say, x, y string) row {
	return func(m *mistake) string {
		if m.kind != mismatch || len(m.args) != 2 || !oneOf(signs, m.name) || signs == "" && !isSign.MatchString(m.name) {
			return ""
		}
		for _, i := range []int{0, 1} {
			if m.args[i].is(x) && m.args[1-i].is(y) {
				return m.fill(say, m.args[i], m.args[1-i])
			}
		}
		return ""
	}
}

// textFunction is for a function of texts that does not stand behind its text.
func textFunction(names, say string, args int) row {
	return func(m *mistake) string {
		if m.kind != mismatch || m.member || !oneOf(names, m.name) || len(m.args) < args || !m.args[0].is("string") {
			return ""
		}
		return m.fill(say, m.args[0], m.args[0])
	}
}

func oneOf(names, name string) bool {
	return names == "" || strings.Contains(" "+names+" ", " "+name+" ")
}

var (
	isSign     = regexp.MustCompile(`^[-+*/%<>=!]+$`)
	digits     = regexp.MustCompile(`^-?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]+)?`)
	amountText = regexp.MustCompile(`^\s*([+-]?[0-9.]+)\s*([A-Z]{3})\s*$`)
	slot       = regexp.MustCompile(`\{(\w+)(?::(\w+))?\}`)
)

// is reports whether an argument is of a type, as CEL writes it. "*" is any, "x*" any that
// begins with x, and "x|y" one of several. Beside types there are: "literal x"; "number", a
// number that is written out, be it as a text; "amount", a text such as "75.00 USD"; "day", a
// text that is a date; "currency" and "numeral", fields that hold a currency or a number.
func (a arg) is(typ string) bool {
	if first, others, several := strings.Cut(typ, "|"); several {
		return a.is(first) || a.is(others)
	}
	if of, literal := strings.CutPrefix(typ, "literal "); literal {
		return a.literal && a.is(of)
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
	case form == "", form == "divisor" && a.typ != "double" && a.typ != "string":
		return a.text
	case a.typ == "money":
		return a.text + ".amount()"
	case a.literal && a.typ != "int":
		return fmt.Sprintf("decimal(%q)", a.text)
	}
	return fmt.Sprintf("decimal(%s)", a.text)
}

// fill puts the arguments into a text.
func (m *mistake) fill(say string, x, y arg) string {
	return slot.ReplaceAllStringFunc(say, func(text string) string {
		found := slot.FindStringSubmatch(text)
		switch found[1] {
		case "a":
			return m.args[0].as(found[2])
		case "b":
			return m.args[1].as(found[2])
		case "x":
			return x.as(found[2])
		case "y":
			return y.as(found[2])
		case "f":
			return m.name
		}
		whole := m.level.Sees[len(m.level.Sees)-1]
		return whole + ".currency"
	})
}

// nullRow is for null, which rules do not have.
func nullRow(m *mistake) string {
	for _, a := range m.args {
		if a.typ == "null" {
			return "null is not known here; ask with has() whether something is there"
		}
	}
	return ""
}

// inList is for a value in a list of other values.
func inList(m *mistake) string {
	if m.kind != mismatch || m.name != "in" || !m.args[1].is("list(*") || strings.Contains(m.args[0].typ, "(") {
		return ""
	}
	list := strings.TrimSuffix(strings.TrimPrefix(m.args[1].typ, "list("), ")")
	return fmt.Sprintf("a %s is not found in a list of %s", m.args[0].typ, list)
}

// doesNotGo is for every other call.
func doesNotGo(m *mistake) string {
	var types []string
	for _, a := range m.args {
		if a.typ == "" {
			return ""
		}
		types = append(types, a.typ)
	}
	if m.kind != mismatch {
		return ""
	}
	name := m.name
	if !isSign.MatchString(name) {
		name += "()"
	}
	return fmt.Sprintf("%s cannot be used with %s", name, strings.Join(types, " and "))
}

func pattern(m *mistake) string {
	if !m.isPattern() {
		return ""
	}
	return "matches() cannot read the pattern: it must be one of RE2, with its brackets closed"
}

// openBrackets is for an expression that ends too early, and for a bracket too many.
func openBrackets(m *mistake) string {
	ended := strings.TrimSpace(m.rest) == ""
	switch open := openIn(string(m.source)); {
	case m.kind != syntax:
	case ended && open > 0:
		return "a bracket is opened and not closed"
	case ended:
		return "it ends too early"
	case open < 0 && strings.HasPrefix(m.rest, ")"):
		return "a bracket is closed that is not open"
	}
	return ""
}

// openIn counts how many more round and square brackets are opened than closed, outside texts.
func openIn(source string) (open int) {
	var quote rune
	for _, r := range source {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '(' || r == '[':
			open++
		case r == ')' || r == ']':
			open--
		}
	}
	return open
}
