package expense

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// DeleteNotificationInput names the entry of Concur's failed list to delete.
type DeleteNotificationInput struct {
	NotificationURI string `json:"notificationUri"`
	// DryRun says why the connector does not write to the report of this entry.
	DryRun DryRunReason `json:"dryRun,omitempty"`
}

// DeletedNotification says what happened to the entry.
type DeletedNotification struct {
	Answer
	DryRun DryRunReason `json:"dryRun,omitempty"` // why the entry was not deleted
	// Untrusted says why the URI must not be called. Nothing was sent.
	Untrusted string `json:"untrusted,omitempty"`
}

// ListFailedNotificationsInput asks for one page of the failed list.
type ListFailedNotificationsInput struct {
	After string `json:"after,omitempty"` // Next of the previous page
	Limit int    `json:"limit"`
	// Reported holds the hashes of unreadable entries that earlier sweeps have reported.
	Reported []string `json:"reported,omitempty"`
}

// FailedNotifications is one page of Concur's failed list, ordered by notification URI.
type FailedNotifications struct {
	Answer
	Items      []Notification    `json:"items,omitempty"`
	Unreadable []UnreadableEntry `json:"unreadable,omitempty"`
	Unlisted   int               `json:"unlisted,omitempty"` // unreadable entries beyond those listed
	Reported   []string          `json:"reported,omitempty"` // hashes of entries that were reported before
	// NotOurs counts the entries that probably belong to a step of another connector.
	// NotOursEntries lists the first of them that were not reported before.
	NotOurs        int               `json:"notOurs,omitempty"`
	NotOursEntries []UnreadableEntry `json:"notOursEntries,omitempty"`
	Next           string            `json:"next,omitempty"` // empty after the last page
}

// UnreadableEntry is an entry of the failed list that the connector reports and does not
// change.
type UnreadableEntry struct {
	NotificationURI string `json:"notificationUri,omitempty"`
	ObjectURI       string `json:"objectUri,omitempty"`
	Reason          string `json:"reason"`
}

// Hash returns a short hash that identifies the entry.
func (q UnreadableEntry) Hash() string {
	sum := sha256.Sum256([]byte(q.NotificationURI + "\n" + q.ObjectURI + "\n" + q.Reason))
	return hex.EncodeToString(sum[:6])
}

// StartProcessingInput holds the notifications that a sweep found in one of Concur's lists.
type StartProcessingInput struct {
	Notifications []Notification `json:"notifications"`
	ListedAt      time.Time      `json:"listedAt,omitzero"`
	// Grace is how long after the end of a run the sweep skips its report, even though the
	// list still shows the report.
	Grace time.Duration `json:"grace,omitempty"`
}

// ListRead describes the read of the list that showed an object.
type ListRead struct {
	At            time.Time
	Grace         time.Duration // see StartProcessingInput
	DryRun        DryRunReason  // why nothing would be written now
	VisibleWithin time.Duration // how long the list may still show a deleted entry
	// Owns reports whether an object of the failed list belongs to this deployment, by the
	// event types that name its step and by its policy. Nil means that it does not.
	Owns func(object ObjectKind, events, policies []string) bool
}

// StartedProcessing counts what happened to the notifications.
type StartedProcessing struct {
	Answer
	Started  int `json:"started,omitempty"`  // a new run started
	Signaled int `json:"signaled,omitempty"` // an open run got a signal
	Skipped  int `json:"skipped,omitempty"`  // the last run shows that there is nothing to do

	// Failed lists the notifications that Temporal rejected as invalid.
	Failed []UnreadableEntry `json:"failed,omitempty"`
}

// Swept is what a sweep did with one notification.
type Swept string

// What a sweep can do with a notification.
const (
	SweptStarted     Swept = "started"
	SweptSignaled    Swept = "signaled"
	SweptSkipped     Swept = "skipped"
	SweptStillListed Swept = "still-listed" // listed, although Concur has confirmed its deletion several times
	SweptUnknown     Swept = "unknown"      // an operator ended the last run, and its state cannot be read
)

// HandOverRunInput describes what a run hands over to another open run of the same report.
type HandOverRunInput struct {
	ReportID string `json:"reportId"`
	// ObjectURI is the address of the report in a callout. It is empty if the run does not
	// know it.
	ObjectURI      string   `json:"objectUri,omitempty"`
	EventTypes     []string `json:"eventTypes,omitempty"`
	PendingDeletes []string `json:"pendingDeletes,omitempty"` // notification URIs
}

// HandedOverRun names the run that took over, by its notification ID. To is empty if no other
// run handles the report.
type HandedOverRun struct {
	Answer
	To string `json:"to,omitempty"`
}
