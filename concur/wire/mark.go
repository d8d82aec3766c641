package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"concur-connector/expense"
)

// A mark holds what the header of a report or of a travel request tells of its step and of
// what is judged, where Concur names no step. It is a text of name=value pairs, so that it
// can be stored and compared later by [SameMark].
//
// It holds nothing that our own exceptions change (the exception flags), nothing that is
// another at each read or in each data centre (addresses, image links), and no names that
// are printed in the language of whoever reads.
const (
	markContent  = "content"  // digest of the header's own fields, as the rules see them
	markModified = "modified" // v3 LastModifiedDate, v4 lastModifiedDate, Request v4 lastModified
	markVersion  = "version"  // v4 reportVersion
	markStep     = "step"     // v3 WorkflowActionUrl: the part of its path that names a step
	markComment  = "comment"  // v3 LastComment
)

// mark collects the pairs of a mark. A value that is absent is left out.
type mark []string

func (m *mark) add(name, value string) {
	if value != "" {
		*m = append(*m, name+"="+strings.Join(strings.Fields(value), "_"))
	}
}

func (m mark) String() string { return strings.Join(m, " ") }

// markOf is the mark of a header whose own fields have that content. A value of another
// kind than documented makes no report unreadable: it is left out.
func markOf(r record, content string) string {
	r.flaw = new(flaw)
	var m mark
	m.add(markContent, content)
	m.add(markModified, instant(r.text("LastModifiedDate", "lastModified")))
	m.add(markVersion, r.text("reportVersion"))
	m.add(markStep, digest(stepOf(r.text("WorkflowActionUrl"))))
	m.add(markComment, digest(r.text("LastComment")))
	return m.String()
}

// SameMark reports whether two marks show the same. What only one of them shows is not
// compared: Concur leaves fields out. A mark that is empty is the same as no other.
func SameMark(a, b string) bool {
	if a == "" || b == "" {
		return a == b
	}
	same, _ := compare(a, b)
	return same
}

// SameContent compares two texts of the same form that hold a digest of the content by each
// interface that has shown it. What only one of them has is not compared: it is the same, and
// compared is false if that is all there is.
func SameContent(a, b string) (same, compared bool) { return compare(a, b) }

// compare compares the values of the names that both texts have, if there are any.
func compare(a, b string) (same, compared bool) {
	before := map[string]string{}
	for _, pair := range strings.Fields(b) {
		name, value, _ := strings.Cut(pair, "=")
		before[name] = value
	}
	for _, pair := range strings.Fields(a) {
		name, value, _ := strings.Cut(pair, "=")
		was, both := before[name]
		compared = compared || both
		if !both || was == value || name == markModified && sameInstant(was, value) {
			continue
		}
		return false, true
	}
	return true, compared
}

const (
	toSeconds = "2006-01-02T15:04:05"
	toMillis  = toSeconds + ".000"
)

// instant is a time in one form, whatever the zone and the precision in which Concur
// prints it: in UTC, to the millisecond if it is printed with a fraction. A time without
// a zone is taken for UTC. A text that is no time stays what it is.
func instant(text string) string {
	for _, layout := range []string{time.RFC3339, toSeconds} {
		t, err := time.Parse(layout, text)
		switch {
		case err != nil:
			continue
		case strings.Contains(text, "."):
			return t.UTC().Format(toMillis)
		}
		return t.UTC().Format(toSeconds)
	}
	return text
}

// sameInstant compares two times to the second when one of them has no fraction.
func sameInstant(a, b string) bool {
	seconds, fraction, fine := strings.Cut(a, ".")
	otherSeconds, otherFraction, otherFine := strings.Cut(b, ".")
	return seconds == otherSeconds && (!fine || !otherFine || fraction == otherFraction)
}

// stepOf is the part of a WorkflowActionUrl that names the step. The host is of the data
// centre, and the query is of whoever reads.
func stepOf(url string) string {
	u, err := expense.SplitURL(url)
	if err != nil {
		return ""
	}
	parts := strings.Split(strings.TrimSuffix(u.Path, "/"), "/")
	if len(parts) < 2 {
		return ""
	}
	return parts[len(parts)-2]
}

// digest keeps of a text that it is the same, and not what it says.
func digest(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
