package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"concur-connector/expense"
)

// Header is the header of a report as v3 or v4 gives it, with the values that only package
// concur needs. The report has no entries.
type Header struct {
	Report  *expense.Report
	OwnerID string // the UUID of the owner, by v4
	Hash    string // of the header, for [SameHeader]
}

func decodeHeader(body []byte, read func(r record) Header) (Header, error) {
	h, err := readObject(body, "the report", func(r record) Header {
		h := read(r)
		if !isReportID(h.Report.ID) {
			r.Refuse("it", "has no ID, or one that cannot be")
		}
		SetCurrency(h.Report)
		h.Hash = headerHash(r, h.Report.ContentHash())
		return h
	})
	return h, err
}

// A header hash says what the header of a report or of a travel request shows of its workflow
// step and of its content, where Concur does not name the step. It is a text of name=value
// pairs. [SameHeader] compares two of them.
//
// Three kinds of values are not in it: exception flags, which the connector's own exceptions
// change; addresses and image links, which change at each read or in each data centre; and
// names in the language of the reader.
const (
	hashContent  = "content"  // digest of the header's own fields, as the rules see them
	hashModified = "modified" // v3 LastModifiedDate, v4 lastModifiedDate, Request v4 lastModified
	hashVersion  = "version"  // v4 reportVersion
	hashStep     = "step"     // v3 WorkflowActionUrl: the segment of its path that names a step
	hashComment  = "comment"  // v3 LastComment
)

// hashPairs collects the pairs of a header hash. An absent value is left out.
type hashPairs []string

func (h *hashPairs) add(name, value string) {
	if value != "" {
		*h = append(*h, name+"="+strings.Join(strings.Fields(value), "_"))
	}
}

// headerHash returns the hash of a header whose own fields have that content. A value of another
// kind than documented is left out, and no error.
func headerHash(r record, content string) string {
	r = record{r.Unchecked()}
	var h hashPairs
	h.add(hashContent, content)
	h.add(hashModified, instant(r.Text("LastModifiedDate", "lastModified")))
	h.add(hashVersion, r.Text("reportVersion"))
	h.add(hashStep, digest(stepOf(r.Text("WorkflowActionUrl"))))
	h.add(hashComment, digest(r.Text("LastComment")))
	return strings.Join(h, " ")
}

// SameHeader reports whether two header hashes show the same. A value that only one of them has
// is not compared, because Concur leaves fields out. An empty hash equals only an empty one.
func SameHeader(a, b string) bool {
	if a == "" || b == "" {
		return a == b
	}
	same, _ := SameContent(a, b)
	return same
}

// SameContent compares two texts of name=value pairs, such as a digest of the content for each
// interface that has shown it. It compares the names that both texts have. If they have none in
// common, compared is false and same is true.
func SameContent(a, b string) (same, compared bool) {
	before := map[string]string{}
	for _, pair := range strings.Fields(b) {
		name, value, _ := strings.Cut(pair, "=")
		before[name] = value
	}
	for _, pair := range strings.Fields(a) {
		name, value, _ := strings.Cut(pair, "=")
		was, both := before[name]
		compared = compared || both
		if !both || was == value || name == hashModified && sameInstant(was, value) {
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

// instant writes a time in UTC, to the millisecond if Concur prints a fraction. A time without
// a zone is in UTC. A text that is no time stays as it is.
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

// sameInstant compares two times, to the second if one of them has no fraction.
func sameInstant(a, b string) bool {
	seconds, fraction, fine := strings.Cut(a, ".")
	otherSeconds, otherFraction, otherFine := strings.Cut(b, ".")
	return seconds == otherSeconds && (!fine || !otherFine || fraction == otherFraction)
}

// stepOf returns the segment of a WorkflowActionUrl that names the step. The host depends on
// the data centre, and the query on the reader.
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

// digest returns a short hash of a text.
func digest(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
