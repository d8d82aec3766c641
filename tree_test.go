package concurconnector_test

import (
	"bytes"
	"go/ast"
	"go/build"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// module is how the import paths of the project begin.
const module = "concur-connector/"

// tree is every Go file of the project, by its package. The test parses the files and does not
// call the go command, so that Go's test cache notices a changed file.
type tree map[string][]source

// source is what the checks need to know about one file.
type source struct {
	path        string
	test        bool
	imports     []string
	uses        []string // the names that it uses of other packages, such as "os.Getenv"
	conditional bool     // has a build tag, or a file name for one system
	inits       bool     // has an init function
}

// readTree reads the module below root. A folder with its own go.mod is another module.
func readTree(root string) (tree, error) {
	t := tree{}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && file != root {
			_, err := os.Stat(filepath.Join(file, "go.mod"))
			if err == nil || name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
				return filepath.SkipDir
			}
		}
		if entry.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		short, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		s, err := readSource(file, filepath.ToSlash(short))
		pkg := path.Dir(s.path)
		t[pkg] = append(t[pkg], s)
		return err
	})
	return t, err
}

func readSource(file, short string) (source, error) {
	s := source{path: short, test: strings.HasSuffix(short, "_test.go")}
	text, err := os.ReadFile(file)
	if err != nil {
		return s, err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return s, err
	}
	names := map[string]string{} // local name → path
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return s, err
		}
		s.imports = append(s.imports, imported)
		if spec.Name == nil {
			names[path.Base(imported)] = imported
		} else {
			names[spec.Name.Name] = imported
		}
	}
	ast.Inspect(parsed, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.SelectorExpr:
			if of, ok := n.X.(*ast.Ident); ok && names[of.Name] != "" {
				s.uses = append(s.uses, names[of.Name]+"."+n.Sel.Name)
			}
		case *ast.FuncDecl:
			s.inits = s.inits || n.Recv == nil && n.Name.Name == "init"
		}
		return true
	})
	s.conditional, err = conditional(file, text)
	return s, err
}

// conditional reports whether a build tag or the file's name limits where a file is built.
func conditional(file string, text []byte) (bool, error) {
	for line := range bytes.Lines(text) {
		line := strings.TrimSpace(string(line))
		if constraint.IsGoBuild(line) || constraint.IsPlusBuild(line) {
			return true, nil
		}
		if strings.HasPrefix(line, "package ") {
			break
		}
	}
	nowhere := build.Context{GOOS: "nowhere", GOARCH: "nothing", Compiler: "gc"}
	everywhere, err := nowhere.MatchFile(filepath.Split(file))
	return !everywhere, err
}

// packages lists the packages that have code other than tests.
func (t tree) packages() []string {
	var names []string
	for pkg := range t {
		if len(t.code(pkg)) > 0 {
			names = append(names, pkg)
		}
	}
	slices.Sort(names)
	return names
}

// code lists the files of a package that are not tests.
func (t tree) code(pkg string) []source {
	return slices.DeleteFunc(slices.Clone(t[pkg]), func(s source) bool { return s.test })
}

// imports lists the project's packages that a package's code imports.
func (t tree) imports(pkg string) []string {
	var own []string
	for _, s := range t.code(pkg) {
		for _, imported := range s.imports {
			if name, ok := strings.CutPrefix(imported, module); ok {
				own = append(own, name)
			}
		}
	}
	slices.Sort(own)
	return slices.Compact(own)
}

// linked lists every package of the project that a program is built of, and every other
// package that these import directly.
func (t tree) linked(program string) (own, others []string) {
	todo := []string{program}
	for len(todo) > 0 {
		pkg := todo[0]
		todo = todo[1:]
		if slices.Contains(own, pkg) {
			continue
		}
		own = append(own, pkg)
		todo = append(todo, t.imports(pkg)...)
		for _, s := range t.code(pkg) {
			for _, imported := range s.imports {
				if !strings.HasPrefix(imported, module) {
					others = append(others, imported)
				}
			}
		}
	}
	slices.Sort(own)
	slices.Sort(others)
	return own, slices.Compact(others)
}
