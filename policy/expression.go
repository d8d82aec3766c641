package policy

import (
	"sync"

	"concur-connector/policy/rulesfile"
	"concur-connector/policy/value"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
)

// expression is a checked expression, ready to run.
type expression struct {
	source string
	ast    *cel.Ast
	bound  bound
	reads  needs           // of the report or travel request; not through variables
	uses   map[string]bool // "variables.x", "facts.x", "lists.x"

	free    cel.Program // without a limit, for expressions of known low cost
	limited cel.Program
	traced  func() (cel.Program, error) // notes the value of each part
}

// ready makes a checked expression ready to run.
func (l *language) ready(level rulesfile.Level, source string, checked *cel.Ast, b bound) (*expression, error) {
	x := &expression{source: source, ast: checked, bound: b, reads: needs{}, uses: map[string]bool{}}
	e := l.env[level]
	var err error
	if x.free, err = e.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.InterruptCheckFrequency(100)); err != nil {
		return nil, err
	}
	if x.limited, err = e.Program(checked, append(limits(), cel.EvalOptions(cel.OptOptimize))...); err != nil {
		return nil, err
	}
	x.traced = sync.OnceValues(func() (cel.Program, error) {
		return e.Program(checked, append(limits(), cel.EvalOptions(cel.OptTrackState))...)
	})
	x.reads.collect(checked.NativeRep(), shapeOf[level.Whole()], l.ours)
	ast.PreOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(one ast.Expr) {
		if one.Kind() != ast.SelectKind {
			return
		}
		if of := l.adds(checked.NativeRep().GetType(one.AsSelect().Operand().ID())); of != "" {
			x.uses[of+"."+one.AsSelect().FieldName()] = true
		}
	}))
	return x, nil
}

// limits bound one evaluation of one expression.
func limits() []cel.ProgramOption {
	return []cel.ProgramOption{
		cel.CostLimit(maxCost),
		cel.CostTrackerOptions(value.Costs()...),
		cel.InterruptCheckFrequency(100),
	}
}

// all leaves out the expressions that are nil.
func all(list ...*expression) []*expression {
	var there []*expression
	for _, x := range list {
		if x != nil {
			there = append(there, x)
		}
	}
	return there
}
