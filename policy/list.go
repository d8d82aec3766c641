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

	"concur-connector/internal/spelling"
	"concur-connector/internal/textfile"
	"concur-connector/policy/rulesfile"
)

// List is a table of the company in a file beside the rules.
type List struct {
	Name    string   `json:"name"`
	File    string   `json:"file"`
	Key     []string `json:"key"` // columns
	Columns []string `json:"columns"`
	Rows    int      `json:"rows"`
}

const (
	maxListFile = 8 << 20 // bytes
	maxListAll  = 32 << 20
	maxListRows = 100_000

	// maxCells bounds the memory of all lists together. A cell may take a hundred bytes and a row
	// as much, and during a reload the lists exist twice.
	maxCells = 2_000_000
)

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

// errNoFolder is the error of a list in rules that were given without their folder.
var errNoFolder = errors.New("the rules were given without the folder that they are in")

// table reads a list. Mistakes in the file of the list are reported with that file's name.
func (l *loader) table(d rulesfile.List) (*table, []byte) {
	data, err := readBeside(l.open, d.File)
	if err != nil {
		l.Fail(rulesfile.At(d.FileAt), "", "the list %s cannot be read: %v", d.Name, err)
		return nil, nil
	}
	inner := rulesfile.NewSource(path.Join(path.Dir(filepath.ToSlash(l.Name)), d.File), nil)
	if !utf8.Valid(data) {
		inner.Fail(rulesfile.Place{Line: 1 + bytes.Count(data[:validUpTo(data)], []byte("\n")), Column: 0}, "", "the file is not UTF-8; save it as CSV UTF-8")
		l.Errors = append(l.Errors, inner.Errors...)
		return nil, nil
	}
	t := l.rows(inner, d, data)
	inCharacters(inner.Errors, data)
	l.Errors = append(l.Errors, inner.Errors...)
	return t, data
}

// inCharacters counts columns in characters; the CSV reader counts bytes.
func inCharacters(found rulesfile.Errors, data []byte) {
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

// keyColumns finds the columns of the key: those that the file names, else the first column.
func (l *loader) keyColumns(d rulesfile.List, t *table) (key []int, ok bool) {
	t.Key = d.Key
	if len(t.Key) == 0 {
		t.Key = t.Columns[:1]
	}
	for _, name := range t.Key {
		i := slices.Index(t.Columns, name)
		if i < 0 {
			l.Fail(rulesfile.At(d.KeyAt), "", "the list %s has no column %q%s", d.Name, rulesfile.Clip(name, 40), spelling.Among(name, t.Columns))
			return nil, false
		}
		key = append(key, i)
	}
	return key, true
}

// columnKinds returns the kind of each column, and adds the columns to the language.
func (l *loader) columnKinds(d rulesfile.List, t *table) ([]rulesfile.Kind, bool) {
	ok := true
	for name, column := range d.Columns {
		if !slices.Contains(t.Columns, name) {
			l.Fail(rulesfile.At(column.At), "", "the list %s has no column %q%s", d.Name, rulesfile.Clip(name, 40), spelling.Among(name, t.Columns))
			ok = false
		}
	}
	kinds := make([]rulesfile.Kind, len(t.Columns))
	for i, name := range t.Columns {
		kinds[i] = rulesfile.KindText
		if column, given := d.Columns[name]; given {
			kinds[i] = column.Kind
		}
		t.shape.fields[name] = shapeField{typ: typeOf(kinds[i]), read: func(o *object) (ref.Val, bool) {
			v := o.native.(row)[i]
			return v, v != nil && v != types.String("")
		}}
	}
	return kinds, ok
}

// declare makes the list known to expressions.
func (t *table) declare(lang *language) {
	lang.lists.fields[t.Name] = shapeField{typ: cel.MapType(cel.StringType, t.shape.typ), read: func(*object) (ref.Val, bool) {
		return t.rows, t.rows.Size() != types.IntZero
	}}
}
