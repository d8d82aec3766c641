package policy

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/operators"
)

// hintSyntax says how something is written that other languages, or people, write
// otherwise. Before is the expression up to the place of the mistake.
func hintSyntax(source string, found *cel.Error) string {
	at := offsetOf(source, found.Location.Line(), found.Location.Column())
	runes := []rune(source)
	before, rest := string(runes[:min(at, len(runes))]), string(runes[min(at, len(runes)):])
	text, syntax := strings.CutPrefix(found.Message, "Syntax error: ")
	switch {
	case strings.HasPrefix(found.Message, "reserved identifier: if"):
		return "a choice is written condition ? this : that"
	case strings.HasPrefix(found.Message, "invalid argument to has() macro"):
		return `has() asks for a field: has(entry.vendor), has(entry.custom["3"].value)`
	case !syntax:
		return ""
	case strings.HasSuffix(before, "<") && strings.HasPrefix(rest, ">"):
		return `"differs" is written !=`
	case notIn.MatchString(rest):
		return `"not in" is written !(value in list)`
	case numbered3.MatchString(rest) && customBefore.MatchString(before):
		return `a custom field or organisational unit is named by its number in brackets: custom["3"]`
	case strings.Contains(text, "token recognition error"):
		return hintCharacter(rest)
	}
	return ""
}

var (
	notIn        = regexp.MustCompile(`^not\s+in\b`)
	numbered3    = regexp.MustCompile(`^\.\d`)
	customBefore = regexp.MustCompile(`(custom|orgUnits)$`)
)

// hintCharacter explains a character that is no part of an expression.
func hintCharacter(rest string) string {
	r, _ := utf8.DecodeRuneInString(rest)
	switch {
	case strings.ContainsRune("“”„‟«»", r):
		return `a text is written in straight quotes: "MEALS"`
	case strings.ContainsRune("‘’‚´`", r):
		return `a text is written in straight quotes: 'MEALS'`
	case strings.ContainsRune("–—−", r):
		return "minus is written -"
	case strings.ContainsRune("\u00a0\u2007\u202f\u200b\ufeff", r):
		return "there is a space here that is none; type it anew"
	case r == '&':
		return `"and" is written &&`
	case r == '|':
		return `"or" is written ||`
	case r == '"' || r == '\'':
		return `a text is not closed; what follows a " #" is a comment in YAML: write the expression under a |`
	case r == '#':
		return "an expression has no comments after #; write them with //"
	}
	return ""
}

// hintCall explains a call of what is there, in a way that is not.
func hintCall(message string) string {
	m := mismatchForm.FindStringSubmatch(message)
	if m == nil {
		return ""
	}
	function, given := m[1], m[2]
	switch {
	case strings.Contains(given, "null"):
		return "null is not known here; ask with has() whether something is there"
	case function == "_[_]" && strings.Contains(given, "Field), int"):
		return `a custom field or organisational unit is named by its number as a text: custom["3"]`
	case ofTexts[function] && strings.HasPrefix(given, "(string, "):
		return fmt.Sprintf(`%s() is written behind the text: entry.vendor.%s("x")`, function, function)
	case ofOneText[function] && given == "(string)":
		return fmt.Sprintf(`%s() is written behind the text: entry.vendor.%s()`, function, function)
	case function == "contains" && strings.HasPrefix(given, "map(string, Row of "):
		list, _, _ := strings.Cut(strings.TrimPrefix(given, "map(string, Row of "), ")")
		return "whether a list has a row is asked by: key in lists." + list
	case function == "date" && strings.HasPrefix(given, "(int"):
		return `a date is written date("2026-05-01")`
	case function == operators.In:
		return hintIn(given)
	}
	return ""
}

// hintIn is about what is looked for in a list of other things.
func hintIn(given string) string {
	if strings.HasPrefix(given, "(Field,") {
		return `of a field its value or its code is looked for: entry.custom["3"].code in lists.name`
	}
	what, list, ok := strings.Cut(strings.Trim(given, "()"), ", list(")
	if !ok || strings.ContainsAny(what, "(,") {
		return ""
	}
	return fmt.Sprintf("%s is looked for in a list of %s", what, list)
}

var (
	ofTexts = map[string]bool{
		"contains": true, "startsWith": true, "endsWith": true, "indexOf": true, "split": true, "replace": true, "matches": true, "substring": true,
	}
	ofOneText = map[string]bool{"trim": true, "lowerAscii": true, "upperAscii": true}
)

// hintSelection explains a field of what has none.
//
// Rest is the expression from there on.
func hintSelection(message, rest string) string {
	typ, ok := quotedAfter(message, "type '")
	if !ok || !strings.HasSuffix(message, "does not support field selection") {
		return ""
	}
	name, isType := strings.CutPrefix(typ, "type(")
	switch {
	case isType:
		return fmt.Sprintf("%s is a type, not a value; did you mean %q?", strings.TrimSuffix(name, ")"), strings.ToLower(strings.TrimSuffix(name, ")")))
	case strings.HasPrefix(typ, "list(") && lengths.MatchString(rest):
		return "how many there are is asked by size()"
	case strings.HasPrefix(typ, "list("):
		return "a list has no fields; ask its elements: exists(e, ...), all(e, ...), filter(e, ...) or map(e, ...)"
	case typ == "string":
		return "a text has no fields"
	}
	return ""
}

var lengths = regexp.MustCompile(`^\.(length|size|count|len)\b`)

// loops are the macros that take a name for the element.
var loops = map[string]bool{"all": true, "exists": true, "exists_one": true, "map": true, "filter": true, "groupBy": true, "totalBy": true}
