package workflows_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/workflows"
)

// A part of the memory is a struct field of Memory. Whoever reads the file that declares it has
// seen everything that changes it.
func TestEachPartOfTheMemoryIsChangedInOneFile(t *testing.T) {
	t.Parallel()
	typeOf := map[string]string{} // field of Memory → type
	for field := range reflect.TypeFor[workflows.Memory]().Fields() {
		if field.Type.Kind() == reflect.Struct {
			typeOf[field.Name] = field.Type.Name()
		}
	}
	require.Greater(t, len(typeOf), 6)
	fileOf := map[string]string{} // type → file
	files := map[string]*ast.File{}
	fset := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, 0)
		require.NoError(t, err)
		files[name] = file
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				fileOf[spec.Name.Name] = name
			}
			return true
		})
	}
	isPart := map[string]bool{}
	for _, part := range typeOf {
		isPart[part] = true
		require.NotEmpty(t, fileOf[part], part)
	}

	for name, file := range files {
		// changed complains when an expression that is changed, or could be, lies in a part of
		// another file: r.Step.Named[0].Left, for one.
		changed := func(e ast.Expr) {
			for e != nil {
				switch x := e.(type) {
				case *ast.SelectorExpr:
					if part, ok := typeOf[x.Sel.Name]; ok && fileOf[part] != name {
						t.Errorf("%s changes %s, a part of the memory that %s declares", fset.Position(x.Pos()), x.Sel.Name, fileOf[part])
					}
					e = x.X
				case *ast.IndexExpr:
					e = x.X
				case *ast.StarExpr:
					e = x.X
				case *ast.ParenExpr:
					e = x.X
				default:
					e = nil
				}
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.AssignStmt:
				for _, left := range x.Lhs {
					changed(left)
				}
			case *ast.IncDecStmt:
				changed(x.X)
			case *ast.UnaryExpr:
				if x.Op == token.AND {
					changed(x.X)
				}
			case *ast.CompositeLit:
				if id, ok := x.Type.(*ast.Ident); ok && isPart[id.Name] {
					require.Equal(t, fileOf[id.Name], name, "%s makes a %s", fset.Position(x.Pos()), id.Name)
				}
			case *ast.FuncDecl:
				if receiver := receiverOf(x); isPart[receiver] {
					require.Equal(t, fileOf[receiver], name, "%s has a method of %s", fset.Position(x.Pos()), receiver)
				}
			}
			return true
		})
	}
}

// receiverOf is the name of the type of a method.
func receiverOf(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	expr := f.Recv.List[0].Type
	if star, ok := expr.(*ast.StarExpr); ok {
		expr = star.X
	}
	id, _ := expr.(*ast.Ident)
	return id.Name
}
