package decode

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"concur-connector/cmd/concurctl/cli"

	"concur-connector/expense"
)

// tokenAnswer is what an answer of the token endpoint says beside its secrets.
type tokenAnswer struct {
	TokenType        string         `json:"tokenType"`
	Scopes           []string       `json:"scopes"`
	Geolocation      string         `json:"geolocation,omitempty"` // scheme and host
	ExpiresIn        string         `json:"expiresIn,omitempty"`
	RefreshExpiresAt *time.Time     `json:"refreshExpiresAt,omitempty"`
	Lengths          map[string]int `json:"lengths"` // of the secrets, in characters
}

// decodeToken refuses what the client refuses, but for a geolocation that is not on
// its allow-list, and leaves out what the client replaces: a life or an end that is none.
func decodeToken(object map[string]any) (Payload, error) {
	refuse := func(format string, args ...any) (Payload, error) {
		return Payload{}, fmt.Errorf("the token answer cannot be used: "+format, args...)
	}
	view := tokenAnswer{TokenType: "Bearer", Lengths: map[string]int{}, Scopes: []string{}}
	for _, name := range []string{"access_token", "refresh_token", "token_type"} {
		text, isText := object[name].(string)
		switch {
		case !isText && object[name] != nil:
			return refuse("%s is not a text", name)
		case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
			return refuse("%s has a space or a character that is not printable ASCII", name)
		case text == "" && name == "access_token":
			return refuse("its access token is empty")
		case text == "":
		case name == "token_type":
			view.TokenType = text
		default:
			view.Lengths[name] = len(text)
		}
	}
	if !strings.EqualFold(view.TokenType, "bearer") {
		return refuse("it is not a bearer token")
	}
	if text, _ := object["id_token"].(string); text != "" {
		view.Lengths["id_token"] = len([]rune(text))
	}
	scope, _ := object["scope"].(string)
	view.Scopes = append(view.Scopes, strings.Fields(cli.Plain(scope))...)
	if text, _ := object["geolocation"].(string); strings.TrimSpace(text) != "" {
		var err error
		if view.Geolocation, err = base(text); err != nil {
			return refuse("%w", err)
		}
	}
	if life := seconds(object["expires_in"]); life > 0 {
		view.ExpiresIn = (time.Duration(life) * time.Second).String()
	}
	if end := seconds(object["refresh_expires_in"]); end > 0 {
		at := time.Unix(end, 0).UTC()
		view.RefreshExpiresAt = &at
	}
	about := "an answer of the token endpoint with " + strings.Join(slices.Sorted(maps.Keys(view.Lengths)), ", ")
	return Payload{Payload: "token", About: about, View: view}, nil
}

// seconds reads a number that Concur prints as a number or as a text. It is 0 when there
// is none.
func seconds(value any) int64 {
	const farthest = 1 << 33 // in the 23rd century
	n, err := strconv.ParseFloat(strings.TrimSpace(fmt.Sprint(value)), 64)
	if err != nil || !(n > 0 && n < farthest) {
		return 0
	}
	return int64(n)
}

// base reduces a geolocation to scheme and host: Concur prints one with a path, too.
func base(geolocation string) (string, error) {
	u, err := expense.SplitURL(strings.TrimSpace(geolocation))
	switch {
	case err != nil:
		return "", fmt.Errorf("geolocation %w", err)
	case !strings.EqualFold(u.Scheme, "https"):
		return "", errors.New("geolocation is not an https URL")
	case strings.Contains(u.Host, "@"):
		return "", errors.New("geolocation has a user name before its host")
	}
	return cli.Plain(strings.ToLower(u.Scheme + "://" + u.Host)), nil
}
