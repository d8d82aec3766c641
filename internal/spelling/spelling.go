// Package spelling finds the known name that a mistyped name probably stands for.
package spelling

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxName is the longest name to compare, in characters. The work grows with the square of the
// length.
const maxName = 64

// Nearest returns the most similar known name, or nothing if none is similar. If several are
// equally similar, it returns the first.
func Nearest(name string, known []string) string {
	// At most a third of the characters may differ.
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
		most := max(min(1, shorter-1), shorter/3) // names of one letter must be equal
		d := distance(strings.ToLower(name), strings.ToLower(k))
		if k == name || d > most || best != "" && d >= nearest {
			continue
		}
		best, nearest = k, d
	}
	return best
}

// Among returns the end of an error about an unknown name. It suggests the most similar known
// name and lists all known names.
func Among(name string, known []string) string {
	joint := "; known are "
	if meant := Suggestion(name, known); meant != "" {
		joint = meant + " Known are "
	}
	return joint + strings.Join(known, ", ")
}

// Suggestion returns the end of an error about an unknown name. It suggests the most similar
// known name, and is empty if none is similar.
func Suggestion(name string, known []string) string {
	if best := Nearest(name, known); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return ""
}

// singular removes the plural ending of a name: entries becomes entry.
func singular(name string) string {
	if of, ok := strings.CutSuffix(name, "ies"); ok {
		return of + "y"
	}
	return strings.TrimSuffix(name, "s")
}

// distance counts the edits between two texts: a character added, removed, replaced, or swapped
// with its neighbour.
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
