package policy

import (
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"
)

// otherWriting says how something is written here that people bring along from
// spreadsheets, SQL and other languages, by the text around the place of the mistake.
func otherWriting(source string, found *cel.Error) string {
	if !strings.HasPrefix(found.Message, "Syntax error: ") && !strings.HasPrefix(found.Message, "reserved identifier") {
		return ""
	}
	runes := []rune(source)
	at := min(offsetOf(source, found.Location.Line(), found.Location.Column()), len(runes))
	before, rest := string(runes[:at]), string(runes[at:])
	for _, w := range writings {
		if w.before.MatchString(before) && w.rest.MatchString(rest) {
			return w.say
		}
	}
	ended := strings.Contains(found.Message, "'<EOF>'")
	switch open := depthOf(source); {
	case ended && open > 0:
		return "a bracket is opened and not closed"
	case open < 0 && strings.HasPrefix(rest, ")"):
		return "a bracket is closed that is not open"
	}
	return ""
}

type writing struct {
	before, rest *regexp.Regexp
	say          string
}

var anything = regexp.MustCompile(``)

func follows(rest, say string) writing {
	return writing{anything, regexp.MustCompile(`^(?i)` + rest), say}
}

var writings = []writing{
	follows(`if\b`, "a choice is written condition ? this : that"),
	follows(`(then|else)\b`, "a choice is written condition ? this : that"),
	follows(`(i?like|contains|matches)\b`, `texts are searched by entry.vendor.contains("x"), startsWith(), endsWith() or, with a pattern, matches()`),
	follows(`is\b`, "whether something is there is asked by has(entry.vendor)"),
	follows(`between\b`, "between is written a >= b && a <= c"),
	follows(`for\b`, "to ask the elements of a list, write report.entries.exists(e, e.personal), all(), filter() or map()"),
	follows(`xor\b`, "of two flags one is written a != b"),
	follows(`=~`, `a pattern is looked for by entry.vendor.matches("^A")`),
	follows(`:=`, "equality is written with two signs: =="),
	{regexp.MustCompile(`(?i)\bin\s*\([^()]*$`), regexp.MustCompile(`^,`), `a list stands in square brackets: in ["MEALS", "DINNR"]`},
	{regexp.MustCompile(`\[[^\[\]]*$`), regexp.MustCompile(`^:`), "a part of a text is entry.vendor.substring(0, 3)"},
	{regexp.MustCompile(`\w\(\s*\w+\s*$`), regexp.MustCompile(`^(=>|->)`), "the name of the element is followed by a comma: exists(e, e.personal)"},
	{regexp.MustCompile(`"\s*$`), regexp.MustCompile(`^&[^&]`), "texts are joined with +"},
	{anything, regexp.MustCompile(`^&\s*"`), "texts are joined with +"},
	{regexp.MustCompile(`\d\s*%\s*$`), anything, `a percentage is a factor: half of it is * decimal("0.5")`},
}

// depthOf is how many round and square brackets more are opened than closed, outside texts.
func depthOf(source string) (depth int) {
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
			depth++
		case r == ')' || r == ']':
			depth--
		}
	}
	return depth
}

// otherWords are names of functions in other languages, in small letters, and what to
// write here.
var otherWords = map[string]string{
	"len": "write size()", "length": "write size()", "count": "write size()", "lenght": "write size()", "counta": "write size()",
	"if": "a choice is written condition ? this : that", "iif": "a choice is written condition ? this : that",
	"and": "write a && b", "or": "write a || b", "not": "write !a",
	"sumif":    `write sum(report.entries.filter(e, e.type == "TAXI").map(e, e.posted), report.currency)`,
	"sumifs":   `write sum(report.entries.filter(e, e.type == "TAXI").map(e, e.posted), report.currency)`,
	"countif":  `write report.entries.filter(e, e.type == "TAXI").size()`,
	"countifs": `write report.entries.filter(e, e.type == "TAXI").size()`,
	"average":  "write sum(amounts).dividedBy(number)", "avg": "write sum(amounts).dividedBy(number)",
	"str": "write string()", "tostring": "write string()", "text": "write string()", "concat": "join texts with +", "concatenate": "join texts with +",
	"float": "write decimal()", "number": "write decimal()", "value": "write decimal()", "numeric": "write decimal()", "isnumber": "write isDecimal()",
	"upper": "write upperAscii()", "toupper": "write upperAscii()", "touppercase": "write upperAscii()",
	"lower": "write lowerAscii()", "tolower": "write lowerAscii()", "tolowercase": "write lowerAscii()",
	"left": "write substring(0, 3)", "mid": "write substring(1, 3)", "slice": "write substring(0, 3)", "strip": "write trim()",
	"isblank": `compare with "", or ask with has()`, "isempty": `compare with "", or ask with has()`,
	"isnull": "ask with !has()", "exist": "ask with has()", "coalesce": `write has(a) ? a : b`, "ifnull": "write has(a) ? a : b", "nvl": "write has(a) ? a : b",
	"today": "today is written without parentheses", "includes": "write contains(), or value in list", "regex": `write entry.vendor.matches("^A")`,
	"any": "write exists(e, ...)", "some": "write exists(e, ...)", "every": "write all(e, ...)", "forall": "write all(e, ...)", "none": "write !list.exists(e, ...)",
	"lookup": `write lists.name["key"].column`, "vlookup": `write lists.name["key"].column`, "xlookup": `write lists.name["key"].column`, "inlist": "write key in lists.name",
	"datedif": "write daysBetween(a, b)", "datediff": "write daysBetween(a, b)", "days": "write daysBetween(a, b)", "unique": "write distinct()",
	"adddays": "write d.plusDays(30)", "dateadd": "write d.plusDays(30)", "year": "write d.year()", "month": "write d.month()", "day": "write d.day()",
	"weekday": `write d.weekday(), which is "monday" to "sunday"`, "isweekend": "write d.isWeekend()", "mod": "write a.isMultipleOf(b), or a % b of ints",
}

// otherRoots are what people call the objects of a level.
var otherRoots = map[string]string{
	"expense": "entry", "item": "entry", "line": "entry", "transaction": "entry", "expenses": "report.entries", "entries": "report.entries",
	"header": "report", "trip": "request", "travel": "request", "itemisation": "itemization",
}

// ofPeople is what a name has in it that asks for a person.
var ofPeople = regexp.MustCompile(`(?i)employee|user|login|approver|traveler|traveller|submitter|owner|manager|person$`)

// amounts are what people call an amount, where there is none of that name.
var amounts = map[string]bool{"amount": true, "amt": true, "price": true, "cost": true, "value": true, "sum": true}
