package policy

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"concur-connector/policy/rulesfile"
)

// resolving finds the type of what stands before a field, in an expression that does not
// check as a whole.
type resolving struct {
	lang  *language
	level rulesfile.Level
	loops map[string]*types.Type // of the names of elements, inside their loops
}

// ownerOf is the type of what the field was asked of.
func (l *language) ownerOf(whole ast.Expr, id int64, level rulesfile.Level) (owner *types.Type) {
	r := resolving{lang: l, level: level, loops: map[string]*types.Type{}}
	r.walk(whole, func(e ast.Expr) {
		if e.ID() == id && e.Kind() == ast.SelectKind {
			owner = r.typeOf(e.AsSelect().Operand())
		}
	})
	return owner
}

// walk visits an expression and what is in it, where the names of elements are known.
func (r resolving) walk(e ast.Expr, visit func(ast.Expr)) {
	visit(e)
	if e.Kind() == ast.ComprehensionKind {
		loop := e.AsComprehension()
		r.walk(loop.IterRange(), visit)
		r.inside(loop, func() {
			for _, part := range []ast.Expr{loop.AccuInit(), loop.LoopCondition(), loop.LoopStep(), loop.Result()} {
				r.walk(part, visit)
			}
		})
		return
	}
	for _, child := range childrenOf(e) {
		r.walk(child, visit)
	}
}

// childrenOf are the parts of what is no loop.
func childrenOf(e ast.Expr) []ast.Expr {
	switch e.Kind() {
	case ast.SelectKind:
		return []ast.Expr{e.AsSelect().Operand()}
	case ast.ListKind:
		return e.AsList().Elements()
	case ast.MapKind:
		var all []ast.Expr
		for _, entry := range e.AsMap().Entries() {
			all = append(all, entry.AsMapEntry().Key(), entry.AsMapEntry().Value())
		}
		return all
	case ast.CallKind:
		if e.AsCall().IsMemberFunction() {
			return append([]ast.Expr{e.AsCall().Target()}, e.AsCall().Args()...)
		}
		return e.AsCall().Args()
	}
	return nil
}

// inside does something where the name of a loop's element is known.
func (r resolving) inside(loop ast.ComprehensionExpr, do func()) {
	before, there := r.loops[loop.IterVar()]
	r.loops[loop.IterVar()] = elementOf(r.typeOf(loop.IterRange()))
	do()
	if r.loops[loop.IterVar()] = before; !there {
		delete(r.loops, loop.IterVar())
	}
}

func (r resolving) typeOf(e ast.Expr) *types.Type {
	switch e.Kind() {
	case ast.IdentKind:
		return r.named(e.AsIdent())
	case ast.SelectKind:
		owner := r.typeOf(e.AsSelect().Operand())
		if owner == nil || r.lang.known.shapes[owner.TypeName()] == nil {
			return nil
		}
		m, there := r.lang.known.shapes[owner.TypeName()].fields[e.AsSelect().FieldName()]
		if !there {
			return nil
		}
		return m.typ
	case ast.ComprehensionKind:
		return r.typeOfLoop(e.AsComprehension())
	case ast.CallKind:
		if e.AsCall().FunctionName() == operators.Index {
			t := r.typeOf(e.AsCall().Args()[0])
			if t != nil && t.Kind() == types.MapKind {
				return t.Parameters()[1]
			}
			return elementOf(t)
		}
	}
	return nil
}

// typeOfLoop is the type of the list that filter() and map() make: of what is added in each
// step.
func (r resolving) typeOfLoop(loop ast.ComprehensionExpr) (list *types.Type) {
	step := loop.LoopStep()
	if step.Kind() == ast.CallKind && step.AsCall().FunctionName() == operators.Conditional {
		step = step.AsCall().Args()[1]
	}
	if step.Kind() != ast.CallKind || step.AsCall().FunctionName() != operators.Add {
		return nil
	}
	added := step.AsCall().Args()[1]
	if added.Kind() != ast.ListKind || added.AsList().Size() != 1 {
		return nil
	}
	r.inside(loop, func() {
		if t := r.typeOf(added.AsList().Elements()[0]); t != nil {
			list = types.NewListType(t)
		}
	})
	return list
}

func (r resolving) named(name string) *types.Type {
	if t, there := r.loops[name]; there {
		return t
	}
	switch name {
	case "variables":
		return r.lang.variables[r.level].typ
	case "facts":
		return r.lang.facts[r.level].typ
	case "lists":
		return r.lang.lists.typ
	}
	if s := shapeOf[rulesfile.Level(name)]; s != nil {
		return s.typ
	}
	return nil
}

// elementOf is what a loop over a value goes through.
func elementOf(t *types.Type) *types.Type {
	if t == nil || len(t.Parameters()) == 0 {
		return nil
	}
	return t.Parameters()[0]
}
