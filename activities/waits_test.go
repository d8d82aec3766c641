package activities_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

// TestNoAttemptWaitsMoreOftenThanItsTimeoutAllows counts in the source of each activity how
// often it can wait until a write is visible. The timeout of an activity allows for that many
// waits. The test counts both branches of a condition, although an attempt takes only one.
func TestNoAttemptWaitsMoreOftenThanItsTimeoutAllows(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	calls := map[string][]string{} // of each method, the methods that it calls, once for each call
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, 0)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			method, ok := decl.(*ast.FuncDecl)
			if !ok || method.Recv == nil {
				continue
			}
			ast.Inspect(method, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if called, ok := call.Fun.(*ast.SelectorExpr); ok && isReceiver(method, called.X) {
						calls[method.Name.Name] = append(calls[method.Name.Name], called.Sel.Name)
					}
				}
				return true
			})
		}
	}
	var waits func(method string) int
	waits = func(method string) (n int) {
		if method == "untilVisible" {
			return 1
		}
		for _, called := range calls[method] {
			n += waits(called)
		}
		return n
	}
	most := 0
	for method := range calls {
		if ast.IsExported(method) {
			require.LessOrEqual(t, waits(method), expense.MaxWaitsUntilVisible, method)
			most = max(most, waits(method))
		}
	}
	require.Equal(t, expense.MaxWaitsUntilVisible, most, "more time than is needed, or the count is wrong")
}

func isReceiver(method *ast.FuncDecl, x ast.Expr) bool {
	name, ok := x.(*ast.Ident)
	names := method.Recv.List[0].Names
	return ok && len(names) == 1 && name.Name == names[0].Name
}
