// Package spelling guesses which known name was meant by one that is not known.
package spelling

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxName is how many characters of a name are looked at: the work grows with its square.
const maxName = 64

// Nearest returns the one of the known names that was probably meant by a name that is
// not known, or nothing. Of several that are equally near it returns the first.
func Nearest(name string, known []string) string {
	// A third of a name may be wrong. More than that is another name.
	length := utf8.RuneCountInString(name)
	if length > maxName {
		return ""
	}
	best, nearest := "", 0
	for _, k := range known {
		if k != name && strings.EqualFold(singular(k), singular(name)) {
			return k
		}
	}
	for _, k := range known {
		shorter := min(length, utf8.RuneCountInString(k))
		most := max(min(1, shorter-1), shorter/3) // of one letter nothing is left
		d := distance(strings.ToLower(name), strings.ToLower(k))
		if k == name || d > most || best != "" && d >= nearest {
			continue
		}
		best, nearest = k, d
	}
	return best
}

// Among ends an error about an unknown name: it suggests the nearest known name and lists
// all of them.
func Among(name string, known []string) string {
	joint := "; known are "
	if meant := Suggestion(name, known); meant != "" {
		joint = meant + " Known are "
	}
	return joint + strings.Join(known, ", ")
}

// Suggestion ends an error about an unknown name: it suggests the nearest known name. It is
// empty when no known name is near.
func Suggestion(name string, known []string) string {
	if best := Nearest(name, known); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return ""
}

// singular takes the plural off a name: rules have an entry, a report has entries.
func singular(name string) string {
	if of, ok := strings.CutSuffix(name, "ies"); ok {
		return of + "y"
	}
	return strings.TrimSuffix(name, "s")
}

// distance counts the characters that are to be added, taken out or replaced, or
// swapped with their neighbour, to make the one text of the other.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	var before []int // the row two above
	above := make([]int, len(to)+1)
	for j := range above {
		above[j] = j
	}
	for i, c := range from {
		row := make([]int, len(to)+1)
		row[0] = i + 1
		for j, d := range to {
			replaced := above[j]
			if c != d {
				replaced++
			}
			row[j+1] = min(replaced, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && c == to[j-1] && from[i-1] == d {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, above = above, row
	}
	return above[len(to)]
}
