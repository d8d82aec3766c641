package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"
)

const outputFlag = "output"

func checkOutput(cmd *cobra.Command) error {
	switch form, err := cmd.Flags().GetString(outputFlag); {
	case err != nil:
		return err
	case form != "text" && form != "json":
		return fmt.Errorf("-o %q is neither text nor json", form)
	}
	return nil
}

// WantsJSON reports whether the output is one JSON document.
func WantsJSON(cmd *cobra.Command) bool {
	form, _ := cmd.Flags().GetString(outputFlag) // checked before any command runs
	return form == "json"
}

// Show writes a command's output: the value as JSON, or what text writes.
func Show(cmd *cobra.Command, value any, text func(w io.Writer)) error {
	if WantsJSON(cmd) {
		return WriteJSON(cmd.OutOrStdout(), value)
	}
	text(cmd.OutOrStdout())
	return nil
}

// WriteJSON writes indented JSON and does not escape the ampersands of Concur's URLs.
func WriteJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// Table writes rows in columns under a head.
func Table(w io.Writer, head []string, rows [][]string) {
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{head}, rows...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = Plain(cell)
		}
		fmt.Fprintln(columns, strings.TrimRight(strings.Join(cells, "\t"), "\t "))
	}
	_ = columns.Flush() // nobody could read about the error either
}

// Plain replaces control characters, so that a text from outside stays on its line and does not
// control the terminal.
func Plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

// Count writes a number of things: "1 run", "2 runs", "2 entries".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if stem, ok := strings.CutSuffix(thing, "ry"); ok {
		return fmt.Sprintf("%d %sries", n, stem)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// FormatTime writes a time in UTC, to the minute.
func FormatTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
