package policy

import "concur-connector/expense"

// Rule is a rule as it is written, for people and programs that read of it.
type Rule struct {
	Name              string   `json:"name"`
	Description       string   `json:"description,omitempty"`
	Level             Level    `json:"level"`
	Stops             []string `json:"stops,omitempty"` // empty: at every stop
	Match             string   `json:"match,omitempty"`
	Expression        string   `json:"expression"`
	Message           string   `json:"message,omitempty"`
	MessageExpression string   `json:"messageExpression,omitempty"`

	Code       string             `json:"code,omitempty"` // of an exception
	Visibility expense.Visibility `json:"visibility,omitempty"`
	SendBack   bool               `json:"sendBack,omitempty"`
	Ask        string             `json:"ask,omitempty"` // a group
	Warn       bool               `json:"warn,omitempty"`
	Shadow     bool               `json:"shadow,omitempty"`

	Line int `json:"line"` // of the file, counted from 1
}

// Rules returns the rules in the order of the file.
func (p *Policy) Rules() []Rule {
	all := make([]Rule, len(p.rules))
	for i, r := range p.rules {
		all[i] = Rule{Name: r.name, Level: r.level, Message: r.message, Code: r.then.code, SendBack: r.then.sendBack, Ask: r.then.ask}
	}
	return all
}

// Code is an exception code that the rules can post: it is to be created in Concur.
type Code struct {
	Code       string             `json:"code"`
	Object     expense.ObjectType `json:"object"` // Report, Entry or Allocation; an itemization is an Entry to Concur
	Level      Level              `json:"level,omitempty"`
	Visibility expense.Visibility `json:"visibility"` // by v4
	Rules      []string           `json:"rules"`      // empty for the code of approveByException
}

// PostedCodes returns the codes that the rules can post, by code, level and visibility.
func (p *Policy) PostedCodes() []Code { return nil }

// Look is what one rule made of one object.
type Look struct {
	Rule    string         `json:"rule"`
	Level   Level          `json:"level"`
	Object  string         `json:"object,omitempty"` // its ID; empty for the whole
	Place   string         `json:"place,omitempty"`  // where it is, such as "entry 3, itemization 1"
	Result  LookResult     `json:"result"`
	Message string         `json:"message,omitempty"` // of a violation, or why it could not be evaluated
	Shadow  bool           `json:"shadow,omitempty"`
	Saw     []expense.Seen `json:"saw,omitempty"`
}

// LookResult is how the evaluation of a rule on an object went.
type LookResult string

// The results of a look.
const (
	LookHolds      LookResult = "holds"
	LookViolated   LookResult = "violated"
	LookErred      LookResult = "erred"
	LookNoMatch    LookResult = "no match"
	LookOtherStop  LookResult = "other stop"
	LookNotReached LookResult = "not reached" // the rules together cost too much
)

// Explain says of every rule what it makes of every object, and what it saw there. It
// takes longer than Evaluate and agrees with it.
func (p *Policy) Explain(c Case) []Look { return nil }

// Version is what the file calls itself; empty when it does not.
func (p *Policy) Version() string { return "" }

// Fields names what [Policy.Keep] and [Policy.KeepRequest] keep, sorted: "entry.posted",
// `entry.custom["3"]`, "report.entries". They are what expense.FetchedReport.Kept holds.
func (p *Policy) Fields() []string { return nil }

// EvaluateKept is Evaluate for a case of which only these fields were kept, named as Fields
// names them. A rule that reads another one, or a fact that the case does not have, is
// unknown: its name is returned and it is left out of the verdict.
func (p *Policy) EvaluateKept(c Case, kept []string) (v expense.Verdict, unknown []string) {
	return p.Evaluate(c), nil
}

// Asks names the facts that the rules ask the company's own systems for, of reports and of
// travel requests.
func (p *Policy) Asks() (ofReports, ofRequests []string) { return nil, nil }

// Questions says what to ask the company's own systems about a case, one question for each
// fact. The error, of a question that cannot be evaluated, names the fact.
func (p *Policy) Questions(c Case) ([]expense.Question, error) { return nil, nil }

// FactURLs are the addresses that the file asks for facts.
func (p *Policy) FactURLs() []string { return nil }

// ByStop reports whether a rule is limited to some stops.
func (p *Policy) ByStop() bool { return false }

// Warning is what is not wrong with a rules file and probably not meant, as [Error] prints.
type Warning = Error

// Warnings are what should be looked at in a file that can be used.
func (p *Policy) Warnings() []*Warning { return nil }
