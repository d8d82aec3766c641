package expense

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// ObjectKind says what a notification is about. It is taken from the path of the
// object's URI, never from the ObjectType that the sender claims.
type ObjectKind string

// The kinds of object. Concur documents the first two; UnknownObject is any other
// object, which becomes a visible run and is otherwise left alone.
const (
	ReportObject  ObjectKind = "EXPRPT"
	RequestObject ObjectKind = "TRAVELREQ"
	UnknownObject ObjectKind = "UNKNOWN"
)

// Notification is one callout of Concur, or one entry of its failed list: an
// object has entered a workflow step and waits there for an external validation.
//
// Source: https://developer.concur.com/api-reference/callouts/post-event-notification.html
type Notification struct {
	Kind      ObjectKind `json:"kind"`
	Key       string     `json:"key"`       // as it stands in the URI, never unescaped
	ObjectURI string     `json:"objectUri"` // as it was sent; untrusted until concur has checked it

	ObjectType    string `json:"objectType,omitempty"`    // what the sender said; may disagree with Kind
	EventType     string `json:"eventType,omitempty"`     // free text: the step's name is the company's own
	EventDateTime string `json:"eventDateTime,omitempty"` // as it was sent; often a date without a time

	// NotificationURI names the entry of Concur's failed list. A callout has none.
	NotificationURI string `json:"notificationUri,omitempty"`

	// Found is set when nobody told of the object: a sweep has found it in a list of Concur.
	Found bool `json:"found,omitempty"`
	// HandedOverBy is the notification ID of the run that leaves its report to the run that is told.
	HandedOverBy string `json:"handedOverBy,omitempty"`
}

// ID is the notification ID, "KIND:key". It is the workflow ID, so one Concur
// object has at most one open run however often and by whatever way it is
// notified.
func (n Notification) ID() string { return string(n.Kind) + ":" + n.Key }

// IsNotificationID reports whether a text can be a notification ID. No run has any other, so
// Temporal need not be asked for one.
func IsNotificationID(text string) bool {
	kind, key, _ := strings.Cut(text, ":")
	switch ObjectKind(kind) {
	case ReportObject, RequestObject, UnknownObject:
		return key != "" && len(key) <= MaxKey && isPrintable(key)
	}
	return false
}

// isPrintable reports whether a key is printable ASCII without a space.
func isPrintable(key string) bool {
	for i := 0; i < len(key); i++ {
		if key[i] <= ' ' || key[i] > '~' {
			return false
		}
	}
	return true
}

// MaxKey is the longest key that is accepted, in bytes.
const MaxKey = 200

// maxURI bounds a URI that came from outside, in bytes.
const maxURI = 2000

// Identify reads kind and key from the URI of a Concur object. The kind comes
// from the path's prefix; the key is what follows the last slash of the path,
// after query and fragment and one trailing slash are cut, byte for byte.
//
// It does not judge whether the URI may be followed: the host may be anybody's.
// The error is one plain sentence that can be shown to the sender.
func Identify(uri string) (ObjectKind, string, error) {
	u, err := SplitURL(uri)
	if err != nil {
		return "", "", fmt.Errorf("ObjectURI %w", err)
	}
	path := strings.TrimSuffix(u.Path, "/")
	key := path[strings.LastIndexByte(path, '/')+1:]
	switch {
	case key == "":
		return "", "", errors.New("ObjectURI has no key after the last slash of its path")
	case len(key) > MaxKey:
		return "", "", fmt.Errorf("ObjectURI has a key of %d bytes; at most %d are accepted", len(key), MaxKey)
	case !isPrintable(key):
		return "", "", errors.New("ObjectURI has a key that is not printable ASCII")
	}
	kind := kindOf(path + "/")
	if err := checkSingle(kind, path); err != nil {
		return "", "", err
	}
	return kind, key, nil
}

// hiding are the escapes that hide a dot or a slash; a backslash is a slash to some servers.
var hiding = strings.NewReplacer("%2e", ".", "%2f", "/", "%5c", "/", `\`, "/")

// single are the paths of one report or one travel request, in lower case.
var single = map[ObjectKind][]*regexp.Regexp{
	ReportObject: {
		regexp.MustCompile(`^/api/expense/expensereport/v[0-9.]+/(?:report/|reportfulldetails/)?[^/]+$`),
		regexp.MustCompile(`^/expensereports/v4/(?:users/[^/]+/context/[^/]+/)?reports/[^/]+$`),
	},
	RequestObject: {
		regexp.MustCompile(`^/api/travelrequest/(?:v[0-9.]+/)?(?:requests?/)?[^/]+$`),
		regexp.MustCompile(`^/travelrequest/v4/requests/[^/]+$`),
	},
}

// noKey matches what stands in the place of a key that is missing: nothing but space, the
// name of a list, of an action or of a version. What follows a semicolon is a parameter.
var noKey = regexp.MustCompile(`^(?:\s*|reports?|reports?list|reportfulldetails|reportstoapprove|requests?|requests?list|batch(?:es)?|` +
	`workflowactions?|approve|send-?back|submit|recall|cancel|expenses|entries|comments|exceptions?|v[0-9.]+)(?:;.*)?$`)

// escape matches one escaped byte. Concur prints keys with bare percent signs, too.
var escape = regexp.MustCompile(`%[0-9a-f]{2}`)

// unescaped is a key as a server reads it, to see what it is. It is never used as the key.
func unescaped(key string) string {
	return escape.ReplaceAllStringFunc(key, func(escaped string) string {
		b, _ := strconv.ParseUint(escaped[1:], 16, 8) // two hexadecimal digits
		return string([]byte{byte(b)})
	})
}

// checkSingle refuses a path that does not name one object. Of an object of an unknown kind
// nobody knows how its path looks; there only a path that leads elsewhere is refused.
func checkSingle(kind ObjectKind, path string) error {
	lower := strings.ToLower(path)
	for segment := range strings.SplitSeq(hiding.Replace(lower), "/") {
		if segment, _, _ = strings.Cut(segment, ";"); segment != "" && strings.Trim(segment, ".") == "" {
			return errors.New("ObjectURI has a path with a segment of dots, which names no single object")
		}
	}
	forms, known := single[kind]
	if !known {
		return nil
	}
	key := strings.ToLower(unescaped(lower[strings.LastIndexByte(lower, '/')+1:]))
	fits := slices.ContainsFunc(forms, func(form *regexp.Regexp) bool { return form.MatchString(lower) })
	switch {
	case fits && !noKey.MatchString(key) && !strings.ContainsAny(key, `/\`) && !strings.ContainsFunc(key, unicode.IsControl):
		return nil
	case kind == RequestObject:
		return errors.New("ObjectURI names no single travel request")
	}
	return errors.New("ObjectURI names no single report")
}

func kindOf(path string) ObjectKind {
	switch p := strings.ToLower(path); {
	case strings.HasPrefix(p, "/api/expense/expensereport/"), strings.HasPrefix(p, "/expensereports/v4/"):
		return ReportObject
	case strings.HasPrefix(p, "/api/travelrequest/"), strings.HasPrefix(p, "/travelrequest/v4/"):
		return RequestObject
	}
	return UnknownObject
}

// IsV4Report reports whether a URI names a report by its v4 address. The key is then the
// report's ID.
func IsV4Report(uri string) bool {
	u, err := SplitURL(uri)
	return err == nil && strings.HasPrefix(strings.ToLower(u.Path), "/expensereports/v4/")
}

// IsRequestV1 reports whether the notification names a travel request by its address of
// Request v1, which has ended: it then stands for whatever requests wait.
func (n Notification) IsRequestV1() bool {
	u, err := SplitURL(n.ObjectURI)
	return n.Kind == RequestObject && (err != nil || !strings.HasPrefix(strings.ToLower(u.Path), "/travelrequest/v4/"))
}
