package policy

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"concur-connector/policy/rulesfile"
	"concur-connector/policy/value"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// rows reads the lines of a list. Mistakes in its file go to s, those in the rules file to l.
func (l *loader) rows(s *rulesfile.Source, d rulesfile.List, data []byte) *table {
	reader := csv.NewReader(bytes.NewReader(data))
	reader.ReuseRecord = true
	reader.TrimLeadingSpace = true
	head, err := reader.Read()
	if err != nil {
		failCSV(s, err)
		return nil
	}
	t := &table{List: List{Name: d.Name, File: d.File}, shape: l.lang.newShape("Row of " + d.Name)}
	t.shape.called = "a row of lists." + d.Name
	if !readColumns(s, t, head, reader) {
		return nil
	}
	key, ok := l.keyColumns(d, t)
	kinds, all := l.columnKinds(d, t)
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
			failCSV(s, err)
			return nil
		}
		if strings.TrimSpace(strings.Join(record, "")) == "" {
			continue // a spreadsheet writes such rows
		}
		line, _ := reader.FieldPos(0)
		if l.cells += 1 + len(record); l.cells > maxCells {
			l.Fail(rulesfile.At(d.At), "", "the lists together have more than %d cells, each row counted as one more", maxCells)
			return nil
		}
		cells, ok := readCells(s, t, reader, record, kinds)
		if !ok {
			return nil
		}
		k, ok := readKey(s, t, byKey, record, key, line)
		if !ok {
			return nil
		}
		byKey[k] = t.shape.of(cells)
	}
	t.Rows = len(byKey)
	t.rows = rows{types.NewRefValMap(types.DefaultTypeAdapter, byKey)}
	return t
}

// readColumns reads the first line.
func readColumns(s *rulesfile.Source, t *table, head []string, reader *csv.Reader) bool {
	for i, column := range head {
		column = strings.TrimSpace(column)
		line, from := reader.FieldPos(i)
		switch {
		case strings.ContainsAny(column, ";\t"):
			s.Fail(rulesfile.Place{Line: 1, Column: 1}, "", "the columns of a list are separated by commas, not by semicolons or tabs")
			return false
		case !rulesfile.Identifier.MatchString(column):
			s.Fail(rulesfile.Place{Line: line, Column: from}, "", "the column %q cannot be named in a rule: %s", rulesfile.Clip(column, 40), rulesfile.IdentifierForm)
			return false
		case slices.Contains(t.Columns, column):
			s.Fail(rulesfile.Place{Line: line, Column: from}, "", "the column %q is there twice", column)
			return false
		}
		t.Columns = append(t.Columns, column)
	}
	return true
}

// readCells reads the values of a row.
func readCells(s *rulesfile.Source, t *table, reader *csv.Reader, record []string, kinds []rulesfile.Kind) (row, bool) {
	cells := make(row, len(record))
	for i, text := range record {
		text = strings.TrimSpace(text)
		v, err := parseKind(kinds[i], text)
		line, column := reader.FieldPos(i)
		switch {
		case len(text) > maxOutside:
			s.Fail(rulesfile.Place{Line: line, Column: column}, "", "%s of %s is longer than %d characters", t.Columns[i], t.Name, maxOutside)
			return nil, false
		case err != nil:
			s.Fail(rulesfile.Place{Line: line, Column: column}, "", "%s of %s must be %s", t.Columns[i], t.Name, err)
			return nil, false
		}
		if m, ok := v.(value.Money); ok && !slices.Contains(t.codes, m.Currency) {
			t.codes = append(t.codes, m.Currency)
		}
		cells[i] = v
	}
	return cells, true
}

// readKey reads the key of a row, which no other row may have.
func readKey(s *rulesfile.Source, t *table, taken map[ref.Val]ref.Val, record []string, columns []int, line int) (types.String, bool) {
	var parts []string
	for _, i := range columns {
		parts = append(parts, strings.TrimSpace(record[i]))
	}
	k := types.String(strings.Join(parts, "/"))
	switch _, twice := taken[k]; {
	case len(taken) >= maxListRows:
		s.Fail(rulesfile.Place{Line: line, Column: 1}, "", "the list has more than %d rows", maxListRows)
		return "", false
	case strings.Join(parts, "") == "":
		s.Fail(rulesfile.Place{Line: line, Column: 1}, "", "the key is empty: %s", strings.Join(t.Key, ", "))
		return "", false
	case twice:
		s.Fail(rulesfile.Place{Line: line, Column: 1}, "", "the key of this row, %s, is that of a row above; the key of a list is unique", strings.Join(t.Key, ", "))
		return "", false
	}
	return k, true
}

func failCSV(s *rulesfile.Source, err error) {
	var one *csv.ParseError
	switch {
	case errors.Is(err, csv.ErrFieldCount) && errors.As(err, &one):
		s.Fail(rulesfile.Place{Line: one.Line, Column: 1}, "", "the row has more or fewer cells than the first line has columns; a text with a comma is written in quotes")
	case errors.Is(err, io.EOF):
		s.Fail(rulesfile.Place{}, "", "the file is empty; its first line names the columns")
	case errors.As(err, &one):
		s.Fail(rulesfile.Place{Line: one.Line, Column: one.Column}, "", "not CSV: %v", one.Err)
	default:
		s.Fail(rulesfile.Place{}, "", "not CSV: %v", err)
	}
}
