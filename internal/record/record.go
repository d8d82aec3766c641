// Package record keeps the record of decisions in files that show when somebody has changed
// them.
//
// A file holds JSON Lines. The last member of each line is a SHA-256 hash of everything before
// it in the line, and each line contains the hash of the line before it. A line that is changed,
// removed, added or moved therefore breaks the chain at that place. Only lines removed from the
// end leave a correct chain: compare the last hash and the number of lines with those that an
// earlier export printed.
package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"concur-connector/expense"
)

// Entry is one event in the life of a task.
type Entry struct {
	NotificationID string            `json:"notificationId"`
	RunID          string            `json:"runId"` // the first run of the chain of runs
	ReportID       string            `json:"reportId,omitempty"`
	Event          expense.TaskEvent `json:"event"`
	Outcome        expense.Outcome   `json:"outcome,omitempty"` // of the run, once it is known
	Cause          string            `json:"cause,omitempty"`
}

// entryID identifies an entry. An operator can reset a run, which then records other events under
// the same numbers; so the ID is a hash of the whole event.
type entryID [16]byte

func (e Entry) id() (id entryID) {
	content, _ := json.Marshal(Entry{NotificationID: e.NotificationID, RunID: e.RunID, Event: e.Event}) // texts and times are always JSON
	sum := sha256.Sum256(content)
	copy(id[:], sum[:])
	return id
}

// Line is an entry with its place in the chain.
type Line struct {
	Number   int    `json:"number"`   // from 1
	Previous string `json:"previous"` // the hash of the line before; empty in the first line
	Entry
}

// Head identifies the end of a chain.
type Head struct {
	Lines int    // how many there are
	Hash  string // of the last line; empty if there is none
}

const (
	hashMember = `,"hash":"`
	hashEnd    = `"}`
	hashLength = 2 * sha256.Size
	tailLength = len(hashMember) + hashLength + len(hashEnd)
)

// next appends the lines of entries to a chain. Every line ends with a newline.
func (h Head) next(entries []Entry) ([]byte, Head, error) {
	var all bytes.Buffer
	for _, e := range entries {
		line, err := json.Marshal(Line{Number: h.Lines + 1, Previous: h.Hash, Entry: e})
		if err != nil {
			return nil, h, fmt.Errorf("encode event %d of %s: %w", e.Event.Number, e.NotificationID, err)
		}
		content := line[:len(line)-1] // without the closing brace
		if len(content)+tailLength > maxLine {
			return nil, h, fmt.Errorf("event %d of %s is too large for the record: %w", e.Event.Number, e.NotificationID, errLong)
		}
		h = Head{Lines: h.Lines + 1, Hash: digest(content)}
		all.Write(content)
		all.WriteString(hashMember + h.Hash + hashEnd + "\n")
	}
	return all.Bytes(), h, nil
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// parse reads one line, without its newline, that follows the head.
func (h Head) parse(raw []byte) (Line, Head, error) {
	split := len(raw) - tailLength
	if split <= 0 || !bytes.HasPrefix(raw[split:], []byte(hashMember)) || !bytes.HasSuffix(raw, []byte(hashEnd)) {
		return Line{}, h, errNoHash
	}
	content := raw[:split]
	hash := string(raw[split+len(hashMember) : len(raw)-len(hashEnd)])
	if digest(content) != hash {
		return Line{}, h, errChanged
	}
	var line Line
	if err := json.Unmarshal(append(bytes.Clone(content), '}'), &line); err != nil {
		return Line{}, h, errNoHash
	}
	switch {
	case line.Previous != h.Hash:
		return line, h, errBroken
	case line.Number != h.Lines+1:
		return line, h, errNumber
	}
	return line, Head{Lines: line.Number, Hash: hash}, nil
}
