package rulestest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"concur-connector/expense"
	"concur-connector/internal/spelling"
	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

// AlignFacts matches the answers in a case to the questions that the rules ask. A case names an
// object by its place or its ID, and writes an amount as "129.00 USD"; a question has a key,
// and an answer an amount in two parts. The lines say what the rules do not ask.
func AlignFacts(rules *policy.Policy, c policy.Input) (policy.Input, []string) {
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	asked := map[string]policy.Fact{}
	for _, f := range rules.Facts() {
		asked[f.Name] = f
	}
	facts := expense.Facts{}
	for _, name := range slices.Sorted(maps.Keys(c.Facts)) {
		fact, known := asked[name]
		if !known {
			say("the rules have no fact %q%s", name, ofThose(name, asked))
			continue
		}
		facts[name] = expense.Answers{}
		places := placesOf(c, fact.Level)
		for _, object := range slices.Sorted(maps.Keys(c.Facts[name])) {
			key, there := places[object]
			if !there {
				say("the fact %s is of %s, and there is none that is called %q%s", name, fact.Level, object, ofThose(object, places))
				continue
			}
			answer := map[string]json.RawMessage{}
			for _, value := range slices.Sorted(maps.Keys(c.Facts[name][object])) {
				kind, declared := fact.Answer[value]
				if !declared {
					say("the fact %s answers no %q%s", name, value, ofThose(value, fact.Answer))
				}
				answer[value] = ofKind(kind, currencyOf(c), c.Facts[name][object][value])
			}
			facts[name][key] = answer
		}
	}
	if c.Facts != nil {
		c.Facts = facts
	}
	return c, lines
}

// ofThose ends a sentence about a name that is none of the keys.
func ofThose[V any](name string, known map[string]V) string {
	names := slices.Sorted(maps.Keys(known))
	if len(names) == 0 {
		return ""
	}
	return spelling.Among(name, names[:min(len(names), 10)])
}

// ofKind writes a value as an answer has it, where a case may have it otherwise.
func ofKind(kind, currency string, value json.RawMessage) json.RawMessage {
	var text string
	isText := json.Unmarshal(value, &text) == nil
	var number json.Number
	isNumber := !isText && json.Unmarshal(value, &number) == nil
	switch {
	case kind == "money" && isNumber:
		return encode(map[string]string{"amount": number.String(), "currency": currency})
	case kind == "money" && isText:
		amount, own, named := strings.Cut(strings.TrimSpace(text), " ")
		if named {
			currency = strings.TrimSpace(own)
		}
		return encode(map[string]string{"amount": amount, "currency": currency})
	case kind == "decimal" && isNumber, kind == "string" && isNumber:
		return encode(number.String())
	}
	return value
}

func currencyOf(c policy.Input) string {
	switch {
	case c.Report != nil:
		return c.Report.Currency
	case c.Request != nil:
		return c.Request.Currency
	}
	return ""
}

// placesOf are the names of the objects of a level, their places and their IDs, and the keys
// of the questions about them.
func placesOf(c policy.Input, level rulesfile.Level) map[string]string {
	p := places{}
	switch {
	case level == rulesfile.ReportLevel || level == rulesfile.RequestLevel:
		p["0"], p[string(level)] = "0", "0"
	case c.Report != nil:
		for i, e := range c.Report.Entries {
			p.entry(level, strconv.Itoa(i+1), e)
		}
	case c.Request != nil:
		for i, e := range c.Request.Expenses {
			key := strconv.Itoa(i + 1)
			p.add(level == rulesfile.ExpectedExpenseLevel, key, e.ID)
			for j, s := range e.Segments {
				p.add(level == rulesfile.SegmentLevel, key+"."+strconv.Itoa(j+1), s.ID)
			}
		}
	}
	return p
}

type places map[string]string

// add does not let an ID take what is the place of another object.
func (p places) add(wanted bool, key, id string) {
	if !wanted {
		return
	}
	p[key] = key
	if _, taken := p[id]; id != "" && !taken {
		p[id] = key
	}
}

func (p places) entry(level rulesfile.Level, key string, e expense.Entry) {
	p.add(level == rulesfile.EntryLevel, key, e.ID)
	allocations := func(of string, list []expense.Allocation) {
		for i, a := range list {
			p.add(level == rulesfile.AllocationLevel, of+"."+strconv.Itoa(i+1), a.ID)
		}
	}
	allocations(key+".0", e.Allocations)
	for i, item := range e.Itemizations {
		own := key + "." + strconv.Itoa(i+1)
		p.add(level == rulesfile.ItemizationLevel, own, item.ID)
		allocations(own, item.Allocations)
	}
}
