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

// ObjectKind is the kind of a notification's object. It comes from the path of the object's
// URI, never from the ObjectType that the sender claims.
type ObjectKind string

// The kinds of object. Concur documents the first two. UnknownObject stands for all others: a
// notification about one starts a run that ends as unsupported.
const (
	ReportObject  ObjectKind = "EXPRPT"
	RequestObject ObjectKind = "TRAVELREQ"
	UnknownObject ObjectKind = "UNKNOWN"
)

// Notification is one callout of Concur, or one entry of its failed list. It says that an
// object waits at a workflow step for an external validation.
//
// Source: https://developer.concur.com/api-reference/callouts/post-event-notification.html
type Notification struct {
	Kind      ObjectKind `json:"kind"`
	Key       string     `json:"key"`       // as in the URI, never unescaped
	ObjectURI string     `json:"objectUri"` // untrusted until package concur has checked it

	ObjectType    string `json:"objectType,omitempty"`    // from the sender; may contradict Kind
	EventType     string `json:"eventType,omitempty"`     // free text; contains the company's name of the step
	EventDateTime string `json:"eventDateTime,omitempty"` // from the sender; often a date without a time

	// NotificationURI is the address of the entry in Concur's failed list. A callout has none.
	NotificationURI string `json:"notificationUri,omitempty"`

	// Found is true if a sweep found the object in a list of waiting objects.
	Found bool `json:"found,omitempty"`
	// HandedOverBy is the notification ID of the run that hands its report over to the receiver.
	HandedOverBy string `json:"handedOverBy,omitempty"`
}

// ID returns the notification ID, "KIND:key". It is also the workflow ID. One Concur object
// therefore has at most one open run.
func (n Notification) ID() string { return string(n.Kind) + ":" + n.Key }

// IsNotificationID reports whether a text has the form of a notification ID. Every run has
// one, so callers need not ask Temporal about other texts.
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

// MaxKey is the maximum length of a key in bytes.
const MaxKey = 200

// maxURI is the maximum length in bytes of a URI from outside.
const maxURI = 2000

// Identify reads kind and key from the URI of a Concur object. The prefix of the path gives
// the kind. Identify cuts query, fragment and one trailing slash; the key is the text after
// the last slash, byte for byte.
//
// Identify does not check the host, so the URI is still untrusted. The error is a sentence
// that can be shown to the sender.
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

// dotsAndSlashes replaces escaped dots and slashes. Some servers read a backslash as a slash.
var dotsAndSlashes = strings.NewReplacer("%2e", ".", "%2f", "/", "%5c", "/", `\`, "/")

// singleObject holds the paths of a single report or travel request, in lower case.
var singleObject = map[ObjectKind][]*regexp.Regexp{
	ReportObject: {
		regexp.MustCompile(`^/api/expense/expensereport/v[0-9.]+/(?:report/|reportfulldetails/)?[^/]+$`),
		regexp.MustCompile(`^/expensereports/v4/(?:users/[^/]+/context/[^/]+/)?reports/[^/]+$`),
	},
	RequestObject: {
		regexp.MustCompile(`^/api/travelrequest/(?:v[0-9.]+/)?(?:requests?/)?[^/]+$`),
		regexp.MustCompile(`^/travelrequest/v4/requests/[^/]+$`),
	},
}

// noKey matches a last path segment that is not a key: spaces, or the name of a list, an action
// or a version. A parameter may follow after a semicolon.
var noKey = regexp.MustCompile(`^(?:\s*|reports?|reports?list|reportfulldetails|reportstoapprove|requests?|requests?list|batch(?:es)?|` +
	`workflowactions?|approve|send-?back|submit|recall|cancel|expenses|entries|comments|exceptions?|v[0-9.]+)(?:;.*)?$`)

// escape matches one escaped byte. Keys may also contain bare percent signs.
var escape = regexp.MustCompile(`%[0-9a-f]{2}`)

// unescaped returns a key in the form that a server reads. It is only used for checks.
func unescaped(key string) string {
	return escape.ReplaceAllStringFunc(key, func(escaped string) string {
		b, _ := strconv.ParseUint(escaped[1:], 16, 8) // two hexadecimal digits
		return string([]byte{byte(b)})
	})
}

// checkSingle rejects a path that does not name a single object. The paths of unknown kinds of
// objects are not documented. Of these it rejects only paths with segments of dots.
func checkSingle(kind ObjectKind, path string) error {
	lower := strings.ToLower(path)
	for segment := range strings.SplitSeq(dotsAndSlashes.Replace(lower), "/") {
		if segment, _, _ = strings.Cut(segment, ";"); segment != "" && strings.Trim(segment, ".") == "" {
			return errors.New("ObjectURI has a path with a segment of dots, which names no single object")
		}
	}
	forms, known := singleObject[kind]
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

// IsV4Report reports whether a URI is the v4 address of a report. Its key is the report's ID.
func IsV4Report(uri string) bool {
	u, err := SplitURL(uri)
	return err == nil && strings.HasPrefix(strings.ToLower(u.Path), "/expensereports/v4/")
}

// IsRequestV1 reports whether the notification has the Request v1 address of a travel request.
// Concur has ended Request v1, so the connector cannot read this address. Such a notification
// only says that some travel request waits.
func (n Notification) IsRequestV1() bool {
	u, err := SplitURL(n.ObjectURI)
	return n.Kind == RequestObject && (err != nil || !strings.HasPrefix(strings.ToLower(u.Path), "/travelrequest/v4/"))
}
