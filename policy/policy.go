package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"go.yaml.in/yaml/v4"
)

// Policy is a rules file, checked and ready. It does not change and is safe for
// concurrent use.
type Policy struct {
	rules  []rule
	needs  needs // of a report
	asked  needs // of a travel request
	hash   string
	budget uint64        // cost of the evaluations of one report
	time   time.Duration // of the same; far above what the budget allows
}

type rule struct {
	name              string
	level             Level
	match             cel.Program // nil: always
	expression        cel.Program
	message           string
	messageExpression cel.Program // nil: message
	then              effects
}

// Load reads and checks a rules file. What is wrong with its content is returned
// as [Errors], all of it at once.
func Load(path string) (*Policy, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	return Parse(path, data)
}

// Parse checks the content of a rules file. The name stands for the file in
// errors. What is wrong is returned as [Errors], all of it at once.
func Parse(name string, data []byte) (*Policy, error) {
	s := newSource(name, data)
	declared := s.read(data)
	lang, err := newLanguage()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	p := &Policy{
		needs: reportNeeds(), asked: requestNeeds(),
		hash: hex.EncodeToString(sum[:])[:16], budget: maxTotalCost, time: maxTime,
	}
	for _, d := range declared {
		needed, whole := p.needs, reportShape
		if d.level == RequestLevel {
			needed, whole = p.asked, requestShape
		}
		p.rules = append(p.rules, s.compile(lang, d, func(checked *ast.AST) { needed.collect(checked, whole) }))
	}
	if len(s.errors) > 0 {
		s.errors.sort()
		return nil, s.errors
	}
	return p, nil
}

// compile makes a rule ready. Each of its expressions is shown to collect.
func (s *source) compile(lang language, d declaration, collect func(*ast.AST)) rule {
	r := rule{name: d.name, level: d.level, message: d.message, then: d.then}
	if d.level == "" {
		return r // what the expressions may say is not known
	}
	one := func(key string, n *yaml.Node, want *cel.Type) cel.Program {
		if n == nil {
			return nil
		}
		checked, problems := lang.check(d.level, n.Value, want)
		for _, p := range problems {
			s.fail(s.locate(n, p.offset), d.name, "%s: %s", key, p.text)
		}
		if len(problems) > 0 {
			return nil
		}
		ready, err := program(lang[d.level], checked)
		if err != nil {
			s.fail(at(n), d.name, "%s: %v", key, err)
		}
		collect(checked.NativeRep())
		return ready
	}
	r.match = one("match", d.match, cel.BoolType)
	r.expression = one("expression", d.expression, cel.BoolType)
	r.messageExpression = one("messageExpression", d.messageExpression, cel.StringType)
	return r
}

// Hash identifies the file that the rules were read from: the first 16 hexadecimal
// digits of its SHA-256.
func (p *Policy) Hash() string { return p.hash }

// Codes returns the exception codes that rules may post, sorted, each once.
func (p *Policy) Codes() []string {
	var all []string
	for _, r := range p.rules {
		if r.then.code != "" {
			all = append(all, r.then.code)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// JudgesRequests reports whether there is a rule for travel requests. Without one nothing
// is said about them: they are not to be passed on.
func (p *Policy) JudgesRequests() bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return r.level == RequestLevel })
}

// Groups returns the groups that rules may ask, sorted, each once.
func (p *Policy) Groups() []string {
	var all []string
	for _, r := range p.rules {
		if r.then.ask != "" {
			all = append(all, r.then.ask)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
