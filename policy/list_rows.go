package policy

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// rows reads the lines of a list; outer is where the rules are.
func (s *source) rows(lang *language, d listDeclaration, outer *source, data []byte) *table {
	reader := csv.NewReader(bytes.NewReader(data))
	reader.ReuseRecord = true
	reader.TrimLeadingSpace = true
	head, err := reader.Read()
	if err != nil {
		s.failCSV(err)
		return nil
	}
	t := &table{List: List{Name: d.name, File: d.file}, shape: lang.newShape("Row of " + d.name)}
	t.shape.says = "a row of lists." + d.name
	if !s.columns(t, head, reader) {
		return nil
	}
	key, ok := outer.keyColumns(d, t)
	kinds, all := outer.columnKinds(d, t)
	if !ok || !all {
		return nil
	}
	byKey := map[ref.Val]ref.Val{}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			s.failCSV(err)
			return nil
		}
		if strings.TrimSpace(strings.Join(record, "")) == "" {
			continue // a spreadsheet writes such rows
		}
		line, _ := reader.FieldPos(0)
		if outer.listed += 1 + len(record); outer.listed > maxCells {
			outer.fail(at(d.at), "", "the lists together have more than %d cells, each row counted as one more", maxCells)
			return nil
		}
		cells, ok := s.cells(t, reader, record, kinds)
		if !ok {
			return nil
		}
		k, ok := s.key(t, byKey, record, key, line)
		if !ok {
			return nil
		}
		byKey[k] = t.shape.of(cells)
	}
	t.Rows = len(byKey)
	t.rows = rows{types.NewRefValMap(types.DefaultTypeAdapter, byKey)}
	return t
}

// columns reads the first line.
func (s *source) columns(t *table, head []string, reader *csv.Reader) bool {
	for i, column := range head {
		column = strings.TrimSpace(column)
		line, from := reader.FieldPos(i)
		switch {
		case strings.ContainsAny(column, ";\t"):
			s.fail(place{1, 1}, "", "the columns of a list are separated by commas, not by semicolons or tabs")
			return false
		case !identifier.MatchString(column):
			s.fail(place{line, from}, "", "the column %q cannot be named in a rule: %s", clip(column, 40), identifierForm)
			return false
		case slices.Contains(t.Columns, column):
			s.fail(place{line, from}, "", "the column %q is there twice", column)
			return false
		}
		t.Columns = append(t.Columns, column)
	}
	return true
}

// cells reads the values of a row.
func (s *source) cells(t *table, reader *csv.Reader, record []string, kinds []valueKind) (row, bool) {
	cells := make(row, len(record))
	for i, text := range record {
		text = strings.TrimSpace(text)
		v, err := kinds[i].parse(text)
		line, column := reader.FieldPos(i)
		switch {
		case len(text) > maxOutside:
			s.fail(place{line, column}, "", "%s of %s is longer than %d characters", t.Columns[i], t.Name, maxOutside)
			return nil, false
		case err != nil:
			s.fail(place{line, column}, "", "%s of %s must be %s", t.Columns[i], t.Name, err)
			return nil, false
		}
		if m, ok := v.(money); ok && !slices.Contains(t.codes, m.Currency) {
			t.codes = append(t.codes, m.Currency)
		}
		cells[i] = v
	}
	return cells, true
}

// key is what a row is found by, which no other row has.
func (s *source) key(t *table, taken map[ref.Val]ref.Val, record []string, columns []int, line int) (types.String, bool) {
	var parts []string
	for _, i := range columns {
		parts = append(parts, strings.TrimSpace(record[i]))
	}
	k := types.String(strings.Join(parts, "/"))
	switch _, twice := taken[k]; {
	case len(taken) >= maxListRows:
		s.fail(place{line, 1}, "", "the list has more than %d rows", maxListRows)
		return "", false
	case strings.Join(parts, "") == "":
		s.fail(place{line, 1}, "", "the key is empty: %s", strings.Join(t.Key, ", "))
		return "", false
	case twice:
		s.fail(place{line, 1}, "", "the key of this row, %s, is that of a row above; the key of a list is unique", strings.Join(t.Key, ", "))
		return "", false
	}
	return k, true
}

func (s *source) failCSV(err error) {
	var one *csv.ParseError
	switch {
	case errors.Is(err, csv.ErrFieldCount) && errors.As(err, &one):
		s.fail(place{one.Line, 1}, "", "the row has more or fewer cells than the first line has columns; a text with a comma is written in quotes")
	case errors.Is(err, io.EOF):
		s.fail(place{}, "", "the file is empty; its first line names the columns")
	case errors.As(err, &one):
		s.fail(place{one.Line, one.Column}, "", "not CSV: %v", one.Err)
	default:
		s.fail(place{}, "", "not CSV: %v", err)
	}
}
