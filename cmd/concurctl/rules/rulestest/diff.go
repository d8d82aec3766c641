package rulestest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"concur-connector/expense"
)

// diff says in what a verdict is not what is wanted: lines that begin with "-" are wanted,
// those with "+" are what the rules say.
func (w Want) diff(v expense.Verdict) []string {
	var d difference
	if w.None {
		approve, nothing := string(expense.Approve), []string{}
		w = Want{Action: &approve, Exceptions: &[]WantedException{}, Violated: &nothing, Erred: &nothing}
	}
	d.text("action", w.Action, string(v.Action))
	if w.Ask != nil {
		got := []string{}
		for _, a := range v.Approvals {
			got = append(got, a.String())
		}
		slices.Sort(got)
		wanted := strings.Join(*w.Ask, ", ")
		d.text("ask", &wanted, strings.Join(got, ", "))
	}
	if w.Exceptions != nil {
		compare(&d, *w.Exceptions, posted(v), WantedException.is, WantedException.String, printed)
	}
	if w.Violated != nil {
		d.rules("violated", *w.Violated, v, func(f expense.Finding) bool { return !f.Error && f.Rule != "" })
	}
	if w.Erred != nil {
		d.rules("erred", *w.Erred, v, func(f expense.Finding) bool { return f.Error })
	}
	if w.Findings != nil {
		compare(&d, *w.Findings, v.Findings, WantedFinding.is, WantedFinding.String, found)
	}
	d.text("comment", w.Comment, v.Comment)
	for _, part := range w.Contains {
		if !strings.Contains(v.Comment, part) {
			d.lines = append(d.lines, fmt.Sprintf("- comment contains %q", part), fmt.Sprintf("+ comment: %q", v.Comment))
		}
	}
	if w.Erred == nil && len(d.lines) > 0 {
		var why difference
		why.rules("erred", nil, v, func(f expense.Finding) bool { return f.Error })
		for _, line := range why.lines {
			d.lines = append(d.lines, "!"+strings.TrimPrefix(line, "+"))
		}
	}
	return d.lines
}

type difference struct{ lines []string }

func (d *difference) text(what string, wanted *string, got string) {
	if wanted != nil && *wanted != got {
		d.lines = append(d.lines, fmt.Sprintf("- %s: %s", what, said(*wanted)), fmt.Sprintf("+ %s: %s", what, said(got)))
	}
}

// said shows a text on one line.
func said(text string) string {
	if text == "" || strings.ContainsAny(text, "\n\"") {
		return fmt.Sprintf("%q", text)
	}
	return text
}

func (d *difference) rules(what string, wanted []string, v expense.Verdict, counts func(expense.Finding) bool) {
	var got []string
	for _, f := range v.Findings {
		if counts(f) && !slices.Contains(got, f.Rule) {
			got = append(got, f.Rule)
		}
	}
	plain := func(name string) string { return what + ": " + name }
	why := func(name string) string {
		for _, f := range v.Findings {
			if f.Error && f.Rule == name && counts(f) {
				return fmt.Sprintf("%s: %s on %s: %s", what, name, whole(f.Object, "the whole"), f.Message)
			}
		}
		return plain(name)
	}
	compare(d, wanted, got, func(a, b string) bool { return a == b }, plain, why)
}

// posted are the exceptions that are posted, as far as the rules decide it.
func posted(v expense.Verdict) []expense.Exception {
	if v.SendBackWithoutExceptions && v.Action == expense.SendBack {
		return nil
	}
	return v.Exceptions
}

// compare takes each wanted thing off those that were got; what is left on either side is
// a difference.
func compare[W, G any](d *difference, wanted []W, got []G, is func(W, G) bool, want func(W) string, say func(G) string) {
	left := slices.Clone(got)
	for _, w := range wanted {
		if at := slices.IndexFunc(left, func(g G) bool { return is(w, g) }); at >= 0 {
			left = slices.Delete(left, at, at+1)
			continue
		}
		d.lines = append(d.lines, "- "+want(w))
	}
	for _, g := range left {
		d.lines = append(d.lines, "+ "+say(g))
	}
}

func (w WantedException) is(x expense.Exception) bool {
	return w.Code == x.Code && (w.Visibility == "" || w.Visibility == string(x.Visibility)) && isObject(w.Object, x.ObjectID)
}

// isObject compares the name of an object with an ID; that of the whole is empty.
func isObject(name, id string) bool {
	return name == "" || name == id || id == "" && (name == "report" || name == "request")
}

func (w WantedException) String() string { return exception(w.Code, w.Object, w.Visibility) }

func printed(x expense.Exception) string {
	return exception(x.Code, whole(x.ObjectID, "report"), string(x.Visibility))
}

func exception(code, object, visibility string) string {
	text := "exception " + code
	if object != "" {
		text += " on " + object
	}
	if visibility != "" {
		text += " for " + visibility
	}
	return text
}

func whole(id, name string) string {
	if id == "" {
		return name
	}
	return id
}

func (w WantedFinding) is(f expense.Finding) bool {
	return w.Rule == f.Rule && (w.Message == "" || w.Message == f.Message) && isObject(w.Object, f.Object) &&
		(w.ApproverMessage == "" || w.ApproverMessage == cmp.Or(f.ForApprover, f.Message))
}

func (w WantedFinding) String() string {
	text := finding(w.Rule, w.Object, w.Message)
	if w.ApproverMessage != "" {
		text += "; for approvers: " + w.ApproverMessage
	}
	return text
}

func found(f expense.Finding) string {
	text := finding(f.Rule, whole(f.Object, "the whole"), f.Message)
	if f.ForApprover != "" {
		text += "; for approvers: " + f.ForApprover
	}
	switch {
	case f.Error:
		text += " (erred)"
	case f.Shadow:
		text += " (shadow)"
	}
	return text
}

func finding(rule, object, message string) string {
	text := "finding of " + rule
	if object != "" {
		text += " on " + object
	}
	if message != "" {
		text += ": " + said(message)
	}
	return text
}
