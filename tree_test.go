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

// module is the path that imports of ours begin with.
const module = "concur-connector/"

// tree is every Go file of the project, by the room it lies in. It is parsed here
// and not listed by the go command, so that a test result is never an old one.
type tree map[string][]source

// source is what the map needs to know of one file.
type source struct {
	path    string
	test    bool
	imports []string // paths
	uses    []string // "path.Name" of what it takes from another package, such as "os.Getenv"
	tagged  bool     // built only under a condition
	inits   bool     // has a func init
}

// readTree reads the module below root. A folder with a go.mod of its own is
// another module.
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
		room := path.Dir(s.path)
		t[room] = append(t[room], s)
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
	s.tagged, err = tagged(file, text)
	return s, err
}

// tagged reports whether a file is built only under a condition, be it a line or
// the file's name.
func tagged(file string, text []byte) (bool, error) {
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

// packages lists the rooms that hold code.
func (t tree) packages() []string {
	var rooms []string
	for room, files := range t {
		if slices.ContainsFunc(files, func(s source) bool { return !s.test }) {
			rooms = append(rooms, room)
		}
	}
	slices.Sort(rooms)
	return rooms
}

// code lists the files of a room that are not tests.
func (t tree) code(room string) []source {
	return slices.DeleteFunc(slices.Clone(t[room]), func(s source) bool { return s.test })
}

// arrows lists the rooms that a room's code imports.
func (t tree) arrows(room string) []string {
	var to []string
	for _, s := range t.code(room) {
		for _, imported := range s.imports {
			if ours, ok := strings.CutPrefix(imported, module); ok {
				to = append(to, ours)
			}
		}
	}
	slices.Sort(to)
	return slices.Compact(to)
}

// linked lists every room that a program is built of, and every path from outside
// that those rooms import themselves.
func (t tree) linked(program string) (rooms, outside []string) {
	todo := []string{program}
	for len(todo) > 0 {
		room := todo[0]
		todo = todo[1:]
		if slices.Contains(rooms, room) {
			continue
		}
		rooms = append(rooms, room)
		todo = append(todo, t.arrows(room)...)
		for _, s := range t.code(room) {
			for _, imported := range s.imports {
				if !strings.HasPrefix(imported, module) {
					outside = append(outside, imported)
				}
			}
		}
	}
	slices.Sort(rooms)
	slices.Sort(outside)
	return rooms, slices.Compact(outside)
}
