package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"go.yaml.in/yaml/v4"

	"concur-connector/internal/textfile"
)

// List is a table of the company's own in a file beside the rules.
type List struct {
	Name    string   `json:"name"`
	File    string   `json:"file"`
	Key     []string `json:"key"` // columns
	Columns []string `json:"columns"`
	Rows    int      `json:"rows"`
}

const (
	maxLists    = 50
	maxListFile = 8 << 20 // bytes
	maxListAll  = 32 << 20
	maxListRows = 100_000
	maxColumns  = 50

	// maxCells bounds the memory of all lists together, of which a cell may take a hundred
	// bytes and a row as much; while rules are changed they are there twice.
	maxCells = 2_000_000
)

// listDeclaration is a list as the rules file has it.
type listDeclaration struct {
	name    string
	at      *yaml.Node
	file    string
	fileAt  *yaml.Node
	key     []string
	keyAt   *yaml.Node
	columns map[string]columnDeclaration
}

type columnDeclaration struct {
	kind valueKind
	at   *yaml.Node
}

func (s *source) lists(n *yaml.Node) []listDeclaration {
	var all []listDeclaration
	for _, p := range s.named(n, "lists", identifier, identifierForm, maxLists) {
		d := listDeclaration{name: p.key, at: p.name, columns: map[string]columnDeclaration{}}
		keys, ok := s.mapping(p.value, "", "the list "+p.key, "file", "key", "columns")
		if !ok {
			continue
		}
		if d.fileAt = keys["file"]; d.fileAt == nil {
			s.fail(at(p.value), "", "the list %s has no file", p.key)
			continue
		}
		if d.file, ok = s.text(d.fileAt, "", "file"); !ok {
			continue
		}
		if d.keyAt = keys["key"]; d.keyAt != nil {
			d.key, _ = s.texts(d.keyAt, "", "a column of the key")
		}
		for _, column := range s.named(keys["columns"], "columns", identifier, identifierForm, maxColumns) {
			if kind, ok := s.kind(column.value, false); ok {
				d.columns[column.key] = columnDeclaration{kind, column.value}
			}
		}
		all = append(all, d)
	}
	return all
}

// table is a list that has been read.
type table struct {
	List
	shape *shape
	rows  rows
	codes []string // of the currencies of the amounts in it, each once
}

// rows is a map from the key to the row.
type rows struct{ traits.Mapper }

// row is one line of a list.
type row []ref.Val

// opener opens a file beside the rules.
type opener func(name string) (io.ReadCloser, error)

// errNoFolder is why a list cannot be read of rules that came alone.
var errNoFolder = errors.New("the rules were given without the folder that they are in")

// table reads a list. What is wrong in its file is a fault of that file.
func (s *source) table(lang *language, d listDeclaration, open opener) (*table, []byte) {
	data, err := readBeside(open, d.file)
	if err != nil {
		s.fail(at(d.fileAt), "", "the list %s cannot be read: %v", d.name, err)
		return nil, nil
	}
	inner := newSource(path.Join(path.Dir(filepath.ToSlash(s.name)), d.file), nil)
	if !utf8.Valid(data) {
		inner.fail(place{1 + bytes.Count(data[:validUpTo(data)], []byte("\n")), 0}, "", "the file is not UTF-8; save it as CSV UTF-8")
		s.errors = append(s.errors, inner.errors...)
		return nil, nil
	}
	t := inner.rows(lang, d, s, data)
	inCharacters(inner.errors, data)
	s.errors = append(s.errors, inner.errors...)
	return t, data
}

// inCharacters counts columns in characters, as everywhere; CSV counts them in bytes.
func inCharacters(found Errors, data []byte) {
	for _, one := range found {
		line := data
		for range one.Line - 1 {
			_, line, _ = bytes.Cut(line, []byte("\n"))
		}
		if before := one.Column - 1; before > 0 && before <= len(line) {
			one.Column = 1 + utf8.RuneCount(line[:before])
		}
	}
}

// validUpTo is the place of the first byte that is not UTF-8.
func validUpTo(data []byte) int {
	at := 0
	for at < len(data) {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		at += size
	}
	return at
}

// readBeside reads a file in the folder of the rules, or below it.
func readBeside(open opener, name string) ([]byte, error) {
	switch clean := path.Clean(name); {
	case open == nil:
		return nil, errNoFolder
	case name == "" || path.IsAbs(name) || strings.Contains(name, `\`) || clean == "." || clean == ".." || strings.HasPrefix(clean, "../"):
		return nil, errors.New("its file must lie beside the rules file or in a folder there")
	}
	f, err := open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s beside the rules file", name)
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxListFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxListFile:
		return nil, fmt.Errorf("it is larger than %d MiB", maxListFile>>20)
	}
	return textfile.Trim(data)
}

// keyColumns finds the columns of the key: those that are named, else the first.
func (s *source) keyColumns(d listDeclaration, t *table) (key []int, ok bool) {
	t.Key = d.key
	if len(t.Key) == 0 {
		t.Key = t.Columns[:1]
	}
	for _, name := range t.Key {
		i := slices.Index(t.Columns, name)
		if i < 0 {
			s.fail(at(d.keyAt), "", "the list %s has no column %q%s", d.name, clip(name, 40), Among(name, t.Columns))
			return nil, false
		}
		key = append(key, i)
	}
	return key, true
}

// columnKinds says what is in each column, and adds the fields of a row to the language.
func (s *source) columnKinds(d listDeclaration, t *table) ([]valueKind, bool) {
	ok := true
	for name, column := range d.columns {
		if !slices.Contains(t.Columns, name) {
			s.fail(at(column.at), "", "the list %s has no column %q%s", d.name, clip(name, 40), Among(name, t.Columns))
			ok = false
		}
	}
	kinds := make([]valueKind, len(t.Columns))
	for i, name := range t.Columns {
		kinds[i] = kindText
		if column, given := d.columns[name]; given {
			kinds[i] = column.kind
		}
		t.shape.fields[name] = member{typ: kinds[i].typ(), read: func(o *object) (ref.Val, bool) {
			v := o.native.(row)[i]
			return v, v != nil && v != types.String("")
		}}
	}
	return kinds, ok
}

// declare adds the list to what expressions may name.
func (t *table) declare(lang *language) {
	lang.lists.fields[t.Name] = member{typ: cel.MapType(cel.StringType, t.shape.typ), read: func(*object) (ref.Val, bool) {
		return t.rows, t.rows.Size() != types.IntZero
	}}
}
