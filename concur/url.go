package concur

import (
	"errors"
	"fmt"
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// The fields in which a URL comes from outside, each with the paths it may name.
const (
	ObjectURI       = "ObjectURI"         // of a callout or an event: a report or a travel request
	ActionURL       = "WorkflowActionURL" // of a report: its workflow step
	NotificationURI = "NotificationURI"   // of the failed list: one of its entries
	NextPage        = "NextPage"          // of a list: its next page
)

const (
	reportPath       = "/api/expense/expensereport/"
	notificationPath = "/api/platform/notifications/v1.0/notification"
	requestsPath     = "/travelrequest/v4/requests"
	v4UsersPath      = "/expensereports/v4/users/"
	v4ReportsPath    = "/expensereports/v4/reports/"
)

var prefixes = map[string][]string{
	ObjectURI:       {reportPath, requestsPath + "/", v4UsersPath},
	ActionURL:       {reportPath},
	NotificationURI: {notificationPath + "/"},
	NextPage:        {"/api/v3.0/expense/", "/travelrequest/v4/"},
}

// target is the path and query of a request at the geolocation, byte for byte.
type target struct {
	path, query string
}

// CheckURL reports whether the client may follow a URL from outside. The field is [ObjectURI],
// [ActionURL] or [NotificationURI]. The error is of kind [Untrusted] and names only the field
// and the host. An empty URL and any other field are of kind [InvalidArgument].
func (c *Client) CheckURL(field, raw string) error {
	_, err := c.target("check "+field, field, raw)
	return err
}

// target takes path and query of a URL that came from outside.
func (c *Client) target(op, field, raw string) (target, error) {
	if raw == "" {
		return target{}, invalidArgument(op, field+" is empty")
	}
	if _, known := prefixes[field]; !known {
		return target{}, invalidArgument(op, fmt.Sprintf("%q is not a field that holds a URL", field))
	}
	t, err := c.hosts.target(field, raw)
	if err == nil && strings.HasPrefix(strings.ToLower(t.path), v4UsersPath) {
		_, err = addressOf(t.path)
	}
	if err != nil {
		return target{}, &Error{Op: op, Kind: Untrusted, Message: field + " " + err.Error()}
	}
	return t, nil
}

func (h hosts) target(field, raw string) (target, error) {
	u, err := expense.SplitURL(raw)
	if err != nil {
		return target{}, err
	}
	if !strings.EqualFold(u.Scheme, "https") && !strings.EqualFold(u.Scheme, "http") {
		return target{}, errors.New("is neither https nor http")
	}
	if err := checkCharacters(raw); err != nil {
		return target{}, fmt.Errorf("%w (host %s)", err, quoteHost(u.Host))
	}
	if !h.contains(u.Host) {
		return target{}, fmt.Errorf("names the host %s, which is not on the allow-list", quoteHost(u.Host))
	}
	if err := checkUnderAny(prefixes[field], u.Path); err != nil {
		return target{}, fmt.Errorf("%w (host %s)", err, quoteHost(u.Host))
	}
	return target{path: u.Path, query: u.Query}, nil
}

// checkCharacters refuses the characters that servers interpret differently.
func checkCharacters(raw string) error {
	before, _, _ := strings.Cut(raw, "?")
	switch {
	case !printable(raw):
		return errors.New("has a space or a character that is not printable ASCII")
	case strings.ContainsAny(raw, "#"):
		return errors.New("has a fragment")
	case strings.ContainsAny(raw, `\`), strings.Contains(strings.ToLower(before), "%5c"):
		return errors.New("has a backslash")
	case strings.ContainsAny(before, "@"):
		return errors.New("has an at sign")
	}
	return nil
}

// encoded has the escapes that may hide a dot segment.
var encoded = strings.NewReplacer("%2e", ".", "%2f", "/")

// checkUnderAny checks that a path is under one of several prefixes.
func checkUnderAny(prefixes []string, path string) error {
	for _, prefix := range prefixes {
		if strings.HasPrefix(strings.ToLower(path), prefix) {
			return checkUnder(prefix, path)
		}
	}
	return fmt.Errorf("has a path that does not begin with %s", strings.Join(prefixes, " or "))
}

// checkUnder checks that a path begins with a prefix, in any case, that it names something
// under the prefix, and that no segment leads out of it.
func checkUnder(prefix, path string) error {
	lower := strings.ToLower(path)
	if !strings.HasPrefix(lower, prefix) {
		return fmt.Errorf("has a path that does not begin with %s", prefix)
	}
	for _, segment := range strings.Split(encoded.Replace(lower), "/") {
		segment, _, _ = strings.Cut(segment, ";")
		if segment == "." || segment == ".." {
			return errors.New("has a dot segment in its path")
		}
	}
	if strings.Trim(lower[len(prefix):], "/") == "" {
		return fmt.Errorf("names nothing under %s", prefix)
	}
	return nil
}

// hasStrayPercent reports whether there is a percent sign that begins no escape. Concur prints
// such paths and does not say how to send them.
func (t target) hasStrayPercent() bool { return t != t.escaped() }

// escaped writes each percent sign that begins no escape as %25.
func (t target) escaped() target {
	return target{path: escapeStray(t.path), query: escapeStray(t.query)}
}

func escapeStray(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		b.WriteByte(text[i])
		if text[i] == '%' && !(i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2])) {
			b.WriteString("25")
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// checkKey checks a key that becomes one segment of a path.
func checkKey(key, path string) error {
	switch {
	case key == "":
		return errors.New("is empty")
	case len(key) > expense.MaxKey:
		return fmt.Errorf("is longer than %d bytes", expense.MaxKey)
	case strings.ContainsAny(key, "/?;") || strings.Contains(strings.ToLower(key), "%2f"):
		return errors.New("has a slash, a semicolon or a question mark")
	}
	if err := checkCharacters(key); err != nil {
		return err
	}
	return checkUnder(reportPath, path)
}

// checkID checks an identifier of the v4 interfaces that becomes one segment of a path.
func checkID(id string) error {
	switch {
	case id == "":
		return errors.New("is empty")
	case len(id) > expense.MaxKey:
		return fmt.Errorf("is longer than %d bytes", expense.MaxKey)
	case strings.ContainsFunc(id, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("-_$", r))
	}):
		return errors.New("has a character that is none of an ID")
	}
	return nil
}

// listPath is the path of the lists of v3.
const listPath = "/api/v3.0/expense/"

// address is the v4 address of a report, which is under its owner.
type address struct {
	userID, reportID string
}

// addressOf reads the v4 address of a report in any context.
func addressOf(path string) (address, error) {
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
	if len(segments) != 9 || !strings.HasPrefix(strings.ToLower(path), v4UsersPath) || !strings.EqualFold(segments[5], "context") || !strings.EqualFold(segments[7], "reports") {
		return address{}, errors.New("has a path that names no report")
	}
	at := address{userID: segments[4], reportID: segments[8]}
	switch strings.ToUpper(segments[6]) {
	case "TRAVELER", "PROXY", "MANAGER", "PROCESSOR":
	default:
		return address{}, errors.New("has a path that names no context")
	}
	if !wire.IsGUID(at.userID) || len(at.userID) != 36 {
		return address{}, errors.New("has a path that names no user")
	}
	if err := checkID(at.reportID); err != nil {
		return address{}, errors.New("has a path that names no report")
	}
	return at, nil
}
