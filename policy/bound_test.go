package policy_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
)

// writer writes expressions that check, at random.
type writer struct {
	*rand.Rand
	loops int      // variables that were named
	objs  []string // names of entries
	words []string // names of texts
	lists []string // names of lists of texts
}

func (w *writer) pick(of ...string) string { return of[w.IntN(len(of))] }

func (w *writer) name() string {
	w.loops++
	return fmt.Sprint("x", w.loops)
}

func (w *writer) truth(deep int) string {
	if deep == 0 {
		return w.pick("true", "false", w.entry()+".personal", w.entry()+".hasReceipt")
	}
	deep--
	switch w.IntN(12) {
	case 0:
		return "(" + w.truth(deep) + w.pick(" && ", " || ") + w.truth(deep) + ")"
	case 1:
		return "!" + w.truth(deep)
	case 2:
		return w.text(deep) + w.pick(" == ", " != ", " < ") + w.text(deep)
	case 3:
		return w.text(deep) + "." + w.pick("contains", "startsWith", "endsWith") + "(" + w.text(deep) + ")"
	case 4:
		return w.text(deep) + `.matches("` + w.pick("^a+b", "(a|b)*c{3,9}", "[a-z]{2,40}$") + `")`
	case 5:
		return w.text(deep) + " in " + w.texts(deep)
	case 6:
		return w.over(w.entries(deep), &w.objs, w.pick("all", "exists", "exists_one"), deep)
	case 7:
		return w.over(w.texts(deep), &w.words, w.pick("all", "exists", "exists_one"), deep)
	case 8:
		return "(" + w.truth(deep) + " ? " + w.truth(deep) + " : " + w.truth(deep) + ")"
	case 9:
		return w.number(deep) + w.pick(" == ", " < ", " >= ") + w.number(deep)
	case 10:
		return w.texts(deep) + " == " + w.texts(deep)
	default:
		return w.over("["+w.texts(deep)+", "+w.texts(deep)+"]", &w.lists, w.pick("all", "exists"), deep)
	}
}

func (w *writer) entry() string { return w.objs[w.IntN(len(w.objs))] }

// over is a loop, in which its variable is known.
func (w *writer) over(list string, names *[]string, macro string, deep int) string {
	x, before := w.name(), len(*names)
	*names = append(*names, x)
	body := w.truth(deep)
	if macro == "text" {
		macro, body = "map", w.text(deep)
	}
	*names = (*names)[:before]
	return list + "." + macro + "(" + x + ", " + body + ")"
}

func (w *writer) text(deep int) string {
	if deep == 0 {
		return w.pick(append(w.words, `"abc"`, w.entry()+".vendor", w.entry()+".type", "report.name")...)
	}
	deep--
	switch w.IntN(9) {
	case 0:
		return "(" + w.text(deep) + " + " + w.text(deep) + ")"
	case 1:
		return w.text(deep) + "." + w.pick("lowerAscii", "upperAscii", "trim") + "()"
	case 2:
		return "string(" + w.number(deep) + ")"
	case 3:
		return w.entry() + `.custom["` + w.pick("1", "2") + `"].value`
	case 4:
		return w.texts(deep) + "[0]"
	case 5:
		return `{"a": ` + w.text(deep) + `, "b": ` + w.text(deep) + `}["a"]`
	case 6:
		return "(" + w.truth(deep) + " ? " + w.text(deep) + " : " + w.text(deep) + ")"
	default:
		return w.text(0)
	}
}

func (w *writer) number(deep int) string {
	if deep == 0 {
		return w.pick("1", "3", w.entry()+".attendeeCount")
	}
	deep--
	switch w.IntN(5) {
	case 0:
		return "size(" + w.pick(w.text(deep), w.texts(deep), w.entries(deep)) + ")"
	case 1:
		return "(" + w.number(deep) + w.pick(" + ", " - ", " * ") + w.number(deep) + ")"
	case 2:
		return "sum(" + w.entries(deep) + ".map(y, y.attendeeCount))"
	default:
		return w.number(0)
	}
}

func (w *writer) entries(deep int) string {
	if deep <= 0 || w.IntN(3) == 0 {
		return "report.entries"
	}
	return w.over(w.entries(deep-1), &w.objs, "filter", deep-1)
}

func (w *writer) texts(deep int) string {
	if deep <= 0 {
		return w.pick(append(w.lists, `["a", "b"]`, "["+w.text(0)+"]")...)
	}
	switch w.IntN(4) {
	case 0:
		return w.over(w.entries(deep-1), &w.objs, "text", deep-1)
	case 1:
		return w.over(w.texts(deep-1), &w.words, w.pick("filter", "text"), deep-1)
	case 2:
		return w.texts(deep-1) + ".distinct()"
	default:
		return "[" + w.text(deep-1) + ", " + w.text(deep-1) + "]"
	}
}

// What a bound says beforehand is no less than what CEL counts, but for a factor: CEL takes
// the making of a list for ten operations and that of a map for thirty, and the search of
// one text in another for the product of their lengths.
func TestTheEstimatedCostIsAnUpperBound(t *testing.T) {
	t.Parallel()
	report := entries(make([]string, 12)...)
	report.Name = strings.Repeat("abc", 30)
	for i := range report.Entries {
		report.Entries[i].Vendor = strings.Repeat("ab", 20+i)
		report.Entries[i].Custom = map[string]expense.Field{"1": {Value: "one"}, "2": {Code: "C2"}}
	}
	w := &writer{Rand: rand.New(rand.NewPCG(1, 2)), objs: []string{"entry"}}
	known, worst, where := 0, 0.0, ""
	for range 500 {
		w.loops = 0
		expression := w.truth(1 + w.IntN(4))
		p, err := policy.Parse("f", []byte(with("expression: "+quoted(expression))))
		if err != nil {
			continue // too long, or a comparison that is refused
		}
		bound, told, counted, exceeded := p.Cost(policy.Input{Report: report})
		if !told {
			continue
		}
		known++
		require.False(t, exceeded, "%s is taken for %d", expression, bound)
		if ratio := float64(counted) / float64(bound); ratio > worst {
			worst, where = ratio, expression
		}
	}
	require.Greater(t, known, 200, "the bound is told of most expressions")
	require.LessOrEqual(t, worst, 5.0, where)
}

// Expressions that take much longer than they look. Each is stopped by the limit named here,
// however fast the machine is; the time limit is out of reach.
func TestNoExpressionRunsAway(t *testing.T) {
	t.Parallel()
	report := entries(make([]string, 200)...)
	report.Name = strings.Repeat("a", 4000)
	const cheap = ""
	for name, c := range map[string]struct{ expression, limit string }{
		"texts that double":        {`[report.name]` + strings.Repeat(".map(a, a + a)", 40) + `.all(a, a != "")`, tooLong},
		"texts that are squared":   {`["abcdefghij"]` + strings.Repeat(`.map(a, a.replace("", a))`, 6) + `.all(a, a != "")`, tooLong},
		"lists within lists":       {`[0]` + strings.Repeat(".map(a, [a, a])", 40) + `.size() == 1`, cheap},
		"a long list that is told": {`[report.name.split("")].all(l, l.all(a, l.all(b, a == b)))`, tooDear},
		"a long list by its index": {`[report.name.split("")][0].all(a, [report.name.split("")][0].all(b, a == b))`, tooDear},
		"a long list in a map":     {`{"a": report.name.split("")}["a"].all(a, report.entries.all(b, a in report.name.split("")))`, tooDear},
		"a long list that is made": {`report.entries.map(e, report.name.split("")).all(l, l.all(a, a == "a"))`, tooDear},
		"looking up in long lists": {`report.entries.all(e, report.entries.all(f, "b" in report.name.split("") || true))`, tooDear},
		"patterns":                 {`report.entries.all(e, report.entries.all(f, !report.name.matches("(a?){20}b")))`, tooDear},
		"objects of their own":     {`[variables].all(v, [facts].all(f, [lists].all(l, v == variables && f == facts && l == lists)))`, cheap},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := policy.Parse("f", []byte(with("level: report", "expression: "+quoted(c.expression))))
			require.NoError(t, err)
			v := p.Budgeted(100_000_000, time.Hour).VerdictOn(report)
			if c.limit == cheap {
				require.Empty(t, v.Findings)
				_, _, counted, _ := p.Cost(policy.Input{Report: report})
				require.Less(t, counted, uint64(10_000))
				return
			}
			require.Equal(t, []expense.Finding{{Rule: "one", Message: "could not be evaluated: " + c.limit, Error: true}}, v.Findings)
			require.Equal(t, expense.Ask, v.Action)
		})
	}
}

func TestAPatternIsNotTooLarge(t *testing.T) {
	t.Parallel()
	_, err := policy.Parse("f", []byte(with(`expression: entry.vendor.matches("((a{0,90}){0,90})$")`)))
	require.ErrorContains(t, err, "expression: matches() cannot read the pattern")
}
