package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"concur-connector/policy/rulesfile"
)

// maxComment is how long a comment may be, in characters, as Concur has it.
const maxComment = 2000

// comment has one line for each different message, in the order of the report. Lines that
// do not fit are counted in the last one.
func comment(found []violation, counts func(violation) bool) string {
	ordered := slices.Clone(found)
	slices.SortStableFunc(ordered, func(a, b violation) int { return before(a.at, b.at) })
	var lines []string
	seen := map[string]bool{}
	for _, v := range ordered {
		if counts(v) && !seen[v.message] {
			seen[v.message] = true
			lines = append(lines, v.message)
		}
	}
	whole := strings.Join(lines, "\n")
	if utf8.RuneCountInString(whole) <= maxComment {
		return whole
	}
	cut, length := "", 0
	for i, line := range lines {
		mark := fmt.Sprintf("… (+%d)", len(lines)-i)
		length += utf8.RuneCountInString(line) + 1
		if length+utf8.RuneCountInString(mark) > maxComment && i > 0 {
			return cut + mark
		}
		cut += line + "\n"
	}
	return rulesfile.Clip(whole, maxComment)
}
