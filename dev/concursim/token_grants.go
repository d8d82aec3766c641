package main

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	refreshGrant = "refresh_token"
	companyGrant = "password"
	appGrant     = "client_credentials"
)

// requestTokenLife is the life of a company's request token. The token may be used any
// number of times.
const requestTokenLife = 24 * time.Hour

// requestToken is what a company's administrator creates for an application.
type requestToken struct {
	ends     time.Time
	otherApp bool // issued to another application
}

// refusals are the documented error codes of the token endpoint that the simulator uses.
var refusals = map[int]struct {
	status            int
	kind, description string
}{
	5:   {http.StatusBadRequest, "invalid_grant", "Incorrect credentials. Please Retry"},
	19:  {http.StatusForbidden, "invalid_grant", "Incorrect credentials. Please Retry"},
	16:  {http.StatusBadRequest, "invalid_request", "user lives elsewhere"},
	51:  {http.StatusBadRequest, "invalid_request", "username was not supplied"},
	52:  {http.StatusBadRequest, "invalid_request", "password was not supplied"},
	53:  {http.StatusBadRequest, "invalid_client", "company is not enabled for this client"},
	54:  {http.StatusBadRequest, "invalid_scope", "requested scope exceeds granted scope"},
	60:  {http.StatusBadRequest, "invalid_grant", "these are not the grants you are looking for"},
	62:  {http.StatusBadRequest, "invalid_request", "client_id was not supplied"},
	63:  {http.StatusBadRequest, "invalid_request", "client_secret was not supplied"},
	64:  {http.StatusUnauthorized, "invalid_client", "Incorrect credentials. Please Retry"},
	65:  {http.StatusBadRequest, "invalid_request", "grant_type was not supplied"},
	106: {http.StatusBadRequest, "invalid_request", "refresh_token was not supplied"},
	108: {http.StatusBadRequest, "invalid_grant", "bad or expired refresh token"},
	120: {http.StatusBadRequest, "invalid_request", "credtype is invalid"},
	136: {http.StatusBadRequest, "invalid_grant", "this auth token was not issued to you"},
}

// refuseToken answers with an error code and, if given, the geolocation of the company.
func refuseToken(code int, geolocation ...string) answer {
	r := refusals[code]
	where := ""
	for _, base := range geolocation {
		where = fmt.Sprintf(`,"geolocation":%q`, base)
	}
	body := fmt.Sprintf(`{"error":%q,"error_description":%q,"code":%d%s}`, r.kind, r.description, code, where)
	return answer{status: r.status, contentType: "application/json", body: []byte(body)}
}

// handleToken simulates POST /oauth2/v0/token for the grants refresh_token, password (with a
// company's request token) and client_credentials:
// https://developer.concur.com/api-reference/authentication/apidoc.html.
func (s *simulator) handleToken(c *call) answer {
	form, err := url.ParseQuery(string(c.body))
	mediaType, _, _ := mime.ParseMediaType(c.request.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return refuseToken(65)
	}
	grant := form.Get("grant_type")
	if code := s.refuseClient(grant, form); code != 0 {
		return refuseToken(code)
	}
	granted := s.tokens.scopes
	switch grant {
	case appGrant:
		granted = []string{"events.topic.read"}
	case companyGrant:
		if code := s.refuseCompany(form); code != 0 {
			return refuseToken(code)
		}
	case refreshGrant:
		if code := s.refuseRefresh(form.Get("refresh_token")); code != 0 {
			return refuseToken(code)
		}
		granted = s.tokens.ofApplication(s.tokens.refresh[form.Get("refresh_token")].scopes)
	}
	scopes, ok := askedScopes(form.Get("scope"), granted)
	switch {
	case !ok:
		return refuseToken(54)
	case grant == appGrant:
		return s.issueAppToken(c, scopes)
	case c.host != s.home:
		return s.livesElsewhere(c)
	case grant == refreshGrant:
		held := form.Get("refresh_token")
		issued := s.issueToken(c, held, scopes)
		if s.tokens.strict {
			delete(s.tokens.refresh, held)
		}
		return issued
	}
	return s.issueToken(c, s.heldByConnection(scopes), scopes)
}

// heldByConnection returns the refresh token for a grant with a request token. With half of
// the seeds it is the connection's present one, if that has the same scopes; empty means a
// new one.
func (s *simulator) heldByConnection(scopes []string) string {
	held := s.tokens.refresh[s.tokens.current]
	if held == nil || !slices.Equal(held.scopes, scopes) || time.Now().After(held.ends()) || s.draw("connection").IntN(2) == 0 {
		return ""
	}
	return s.tokens.current
}

// refuseClient returns the error code for a wrong application; 0 is none.
func (s *simulator) refuseClient(grant string, form url.Values) int {
	switch {
	case grant == "":
		return 65
	case grant != refreshGrant && grant != companyGrant && grant != appGrant:
		return 60
	case form.Get("client_id") == "":
		return 62
	case form.Get("client_secret") == "":
		return 63
	case form.Get("client_id") != s.opts.clientID || form.Get("client_secret") != s.opts.clientSecret:
		return 64
	}
	return 0
}

// refuseCompany returns the error code for a wrong request token; 0 is none. Without
// credtype=authtoken the grant is that of a user with a password, which the application
// does not have.
//
// The grant: https://developer.concur.com/api-reference/authentication/company-auth.html.
func (s *simulator) refuseCompany(form url.Values) int {
	switch form.Get("credtype") {
	case "authtoken":
	case "", "password":
		return 60
	default:
		return 120
	}
	known := s.tokens.requests[form.Get("password")]
	switch {
	case form.Get("username") == "":
		return 51
	case form.Get("password") == "":
		return 52
	case !strings.EqualFold(form.Get("username"), s.opts.companyID):
		return 53
	case known == nil:
		return 5
	case known.otherApp:
		return 136
	case time.Now().After(known.ends):
		return 19
	}
	return 0
}

func (s *simulator) refuseRefresh(token string) int {
	switch {
	case token == "":
		return 106
	case s.tokens.refresh[token] == nil, time.Now().After(s.tokens.refresh[token].ends()):
		return 108
	}
	return 0
}
