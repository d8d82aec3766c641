package rulestest

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"concur-connector/expense"
	"concur-connector/internal/spelling"
)

// Want is what a verdict must be. What is nil may be anything.
type Want struct {
	None       bool // approved, and nothing is found
	Action     *string
	Ask        *[]string // who must approve, as [expense.RequiredApproval] prints it, sorted
	Exceptions *[]WantedException
	Violated   *[]string // names of rules, whatever follows
	Erred      *[]string
	Findings   *[]WantedFinding
	Comment    *string
	Contains   []string // parts of the comment
}

// WantedException is one exception; what is empty may be anything.
type WantedException struct {
	Code       string
	Object     string // its ID, or "report"
	Visibility string
}

// WantedFinding is one finding; what is empty may be anything.
type WantedFinding struct {
	Rule    string
	Object  string // its ID; "report" and "request" are the whole
	Message string
	// ApproverMessage is what approvers read.
	ApproverMessage string
}

func (s *source) want(n *yaml.Node) (w Want) {
	if n.Kind == yaml.ScalarNode {
		if w.None = n.Value == "none"; !w.None {
			s.fail(n, "want must be a mapping, or none")
		}
		return w
	}
	values, ok := s.mapping(n, "want", "action", "ask", "exceptions", "violated", "erred", "findings", "comment")
	if !ok {
		return w
	}
	if len(values) == 0 {
		s.fail(n, "want names nothing; none says that nothing must be found")
	}
	if v := values["action"]; v != nil {
		action := s.text(v, "action")
		if known := []string{string(expense.Approve), string(expense.SendBack), string(expense.Ask)}; !slices.Contains(known, action) {
			s.fail(v, "action must be approve, send-back or ask, not %q%s", action, spelling.Suggestion(action, known))
		}
		w.Action = &action
	}
	if v := values["ask"]; v != nil {
		w.Ask = s.asked(v)
	}
	if v := values["exceptions"]; v != nil {
		w.Exceptions = each(s, v, "exceptions", s.exception)
	}
	if v := values["violated"]; v != nil {
		w.Violated = each(s, v, "violated", func(n *yaml.Node) string { return s.text(n, "the name of a rule") })
	}
	if v := values["erred"]; v != nil {
		w.Erred = each(s, v, "erred", func(n *yaml.Node) string { return s.text(n, "the name of a rule") })
	}
	if v := values["findings"]; v != nil {
		w.Findings = each(s, v, "findings", s.finding)
	}
	if v := values["comment"]; v != nil {
		s.comment(v, &w)
	}
	return w
}

// asked reads who must approve: a group, {group, count}, or a list of these.
func (s *source) asked(n *yaml.Node) *[]string {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	all := []string{}
	for _, one := range list {
		a := expense.RequiredApproval{Count: 1}
		if one.Kind != yaml.MappingNode {
			a.Group = s.text(one, "a group")
		} else if values, ok := s.mapping(one, "ask", "group", "count"); ok {
			if values["group"] == nil {
				s.fail(one, "ask has no group")
			} else {
				a.Group = s.text(values["group"], "group")
			}
			if v := values["count"]; v != nil {
				count, err := strconv.Atoi(s.text(v, "count"))
				if a.Count = count; err != nil || count < 1 {
					s.fail(v, "count must be a whole number of people, at least 1")
				}
			}
		}
		all = append(all, a.String())
	}
	slices.Sort(all)
	return &all
}

func each[T any](s *source, n *yaml.Node, what string, read func(*yaml.Node) T) *[]T {
	all := []T{}
	for _, item := range s.list(n, what) {
		all = append(all, read(item))
	}
	return &all
}

// exception reads {code, object, visibility}, or a code alone.
func (s *source) exception(n *yaml.Node) (x WantedException) {
	if n.Kind == yaml.ScalarNode {
		return WantedException{Code: s.text(n, "an exception")}
	}
	values, ok := s.mapping(n, "an exception", "code", "object", "visibility")
	if ok && values["code"] == nil {
		s.fail(n, "an exception has no code")
	}
	s.texts(values, map[string]*string{"code": &x.Code, "object": &x.Object, "visibility": &x.Visibility})
	return x
}

func (s *source) finding(n *yaml.Node) (f WantedFinding) {
	values, ok := s.mapping(n, "a finding", "rule", "object", "message", "approverMessage")
	if ok && values["rule"] == nil {
		s.fail(n, "a finding has no rule")
	}
	s.texts(values, map[string]*string{"rule": &f.Rule, "object": &f.Object, "message": &f.Message, "approverMessage": &f.ApproverMessage})
	return f
}

func (s *source) texts(values map[string]*yaml.Node, to map[string]*string) {
	for key, n := range values {
		*to[key] = s.text(n, key)
	}
}

func (s *source) comment(n *yaml.Node, w *Want) {
	if n.Kind == yaml.ScalarNode {
		text := strings.TrimRight(s.text(n, "comment"), "\n")
		w.Comment = &text
		return
	}
	values, ok := s.mapping(n, "comment", "contains")
	switch v := values["contains"]; {
	case !ok:
	case v == nil:
		s.fail(n, "comment names nothing; it is a text, or says what it contains")
	case v.Kind == yaml.ScalarNode:
		w.Contains = []string{s.text(v, "contains")}
	default:
		w.Contains = *each(s, v, "contains", func(n *yaml.Node) string { return s.text(n, "a part of the comment") })
	}
}
