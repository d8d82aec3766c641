package concur

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"concur-connector/concur/wire"
)

// retrieve asks the token endpoint for a grant and returns the base URL that answered. If the
// user lives in another data centre (code 16), it asks there, once. If Concur refuses the
// client secret (code 64), it tries the other secret.
func (t *tokens) retrieve(op string, grant url.Values, base string) (*oauth2.Token, string, error) {
	secret, moved, changed := t.secret, false, false
	for {
		token, err := t.ask(grant, base, t.secrets[secret])
		if err == nil {
			t.log.Debug("concur request", "op", op, "status", http.StatusOK, "kind", "", "correlation", "")
			if secret != t.secret {
				t.log.Warn("concur refuses one client secret and accepts the other: take the refused one out", "accepted", []string{"CONCUR_CLIENT_SECRET", "CONCUR_CLIENT_SECRET_2"}[secret])
				t.secret = secret
			}
			return token, base, nil
		}
		failure := t.failure(op, err, grant)
		t.log.Debug("concur request", "op", op, "status", failure.Status, "kind", failure.Kind, "correlation", failure.CorrelationID)
		home := t.otherDataCentre(err, base)
		switch {
		case home != "" && !moved:
			base, moved = home, true
		case len(t.secrets) > 1 && !changed && (failure.Code == "64" || failure.Code == "invalid_client"):
			secret, changed = 1-secret, true
		default:
			return nil, base, failure
		}
	}
}

// ask sends one request to the token endpoint. The credentials are in the body.
func (t *tokens) ask(grant url.Values, base, secret string) (*oauth2.Token, error) {
	ctx, cancel := context.WithTimeout(context.Background(), t.limit)
	defer cancel()
	config := clientcredentials.Config{
		ClientID: t.clientID, ClientSecret: secret,
		TokenURL: base + "/oauth2/v0/token", AuthStyle: oauth2.AuthStyleInParams, EndpointParams: grant,
	}
	return config.Token(context.WithValue(ctx, oauth2.HTTPClient, t.http))
}

// otherDataCentre returns the base URL that a refusal names because the user lives in another
// data centre, or "".
func (t *tokens) otherDataCentre(err error, base string) string {
	var refusal *oauth2.RetrieveError
	if !errors.As(err, &refusal) {
		return ""
	}
	if code, _ := wire.DecodeError(refusal.Body); code != "16" {
		return ""
	}
	var body struct {
		Geolocation string `json:"geolocation"`
	}
	_ = json.Unmarshal(refusal.Body, &body) // without a geolocation the refusal stands
	home, err := t.hosts.base("", body.Geolocation)
	if err != nil || home == base {
		return ""
	}
	return home
}

// failure classifies a refusal or a missing answer of the token endpoint.
func (t *tokens) failure(op string, err error, grant url.Values) *Error {
	e := &Error{Op: op, Kind: Unavailable, Message: describe(err), cause: contextError(err)}
	var refusal *oauth2.RetrieveError
	if !errors.As(err, &refusal) {
		if strings.HasPrefix(err.Error(), "oauth2: cannot parse") || strings.HasPrefix(err.Error(), "oauth2: server response missing") {
			e.Status, e.Gateway, e.Message = http.StatusOK, true, "the answer of the token endpoint cannot be read"
		}
		return e
	}
	e.Status = refusal.Response.StatusCode
	e.Code, e.Message = wire.DecodeError(refusal.Body)
	secrets := append([]string{t.state.RefreshToken, t.state.AccessToken, grant.Get("password")}, t.secrets...)
	e.Code, e.Message = redact(e.Code, secrets...), redact(e.Message, secrets...)
	e.CorrelationID = correlationOf(refusal.Response)
	class, sentence := classify(e.Code, refusal.ErrorCode)
	if said := gatewayTokenAnswer(refusal.Response, refusal.Body); said != "" {
		e.Code, e.Gateway, e.Message = "", true, said+" was answered in place of a token, by a proxy, a firewall or a gateway"
	}
	switch kind, _ := kindOf(e.Status, refusal.Body, false); {
	case kind == RateLimited, kind == Deadlock:
		e.Kind, e.RetryAfter = kind, retryAfter(refusal.Response.Header)
	case e.Status >= 500, class == Retryable:
		e.RetryAfter = retryAfter(refusal.Response.Header)
	case e.Gateway:
	case e.Status >= 300 && e.Status < 400:
		e.Kind, e.Message = Rejected, notFollowed
	default:
		e.Kind = Unauthorized
		e.Message = strings.TrimSuffix(sentence+": "+e.Message, ": ")
	}
	return e
}

// gatewayTokenAnswer is [gatewayAnswer] for the token endpoint, where every refusal has a
// body. It ignores the content type: see tokenTransport.
func gatewayTokenAnswer(resp *http.Response, body []byte) string {
	switch {
	case resp.StatusCode >= 500 && isEmpty(body):
		return ""
	case resp.StatusCode/100 == 3:
		return gatewayAnswer(resp, body)
	case wire.IsHTML(body):
		return "a web page"
	case isEmpty(body):
		return "nothing"
	}
	return gatewayAnswer(resp, body)
}

// companyGrant returns the grant for a company's request token.
func companyGrant(id, requestToken string) url.Values {
	return url.Values{"grant_type": {"password"}, "credtype": {"authtoken"}, "username": {id}, "password": {requestToken}}
}

// tokenTransport makes every answer of the token endpoint readable as JSON, whatever its
// content type, byte order mark or token lifetime. If an answer were refused for one of those,
// the only refresh token that Concur still accepts would be lost.
type tokenTransport struct{ transport *transport }

// maxTokenAnswer limits an answer of the token endpoint, in bytes.
const maxTokenAnswer = 1 << 20

// RoundTrip sends one request when the limiter allows it.
func (t tokenTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.transport.pace.wait(req.Context()); err != nil {
		return nil, err
	}
	resp, err := t.transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxTokenAnswer))
	_ = resp.Body.Close() // all that is wanted of it was read
	if err != nil {
		return nil, err
	}
	t.transport.announced(tokenOp, resp.Header)
	if clean, _, err := wire.Clean(body, resp.Header.Get("Content-Type")); err == nil {
		body = clean
	}
	resp.Header.Set("Content-Type", "application/json")
	resp.Body = io.NopCloser(bytes.NewReader(repairTokenAnswer(bytes.TrimPrefix(body, []byte("\uFEFF")))))
	return resp, nil
}

// repairTokenAnswer changes an answer so that its refresh token can be read, whatever else it
// holds. The lifetime of a token becomes a whole number, or is dropped. A missing access token
// becomes one that is refused later. Text behind the JSON is cut. Any other body is returned
// as it is.
func repairTokenAnswer(body []byte) []byte {
	const life, access, refresh = "expires_in", "access_token", "refresh_token"
	var fields map[string]json.RawMessage
	if json.NewDecoder(bytes.NewReader(body)).Decode(&fields) != nil {
		return body
	}
	if fields[life] != nil {
		var value any
		_ = json.Unmarshal(fields[life], &value) // it is valid JSON
		delete(fields, life)
		if n := seconds(value); n > 0 {
			fields[life] = json.RawMessage(strconv.FormatInt(n, 10))
		}
	}
	if isText(fields[refresh]) && !isText(fields[access]) {
		fields[access] = json.RawMessage(`" "`)
	}
	repaired, err := json.Marshal(fields)
	if err != nil {
		return body
	}
	return repaired
}

// isText reports whether a field is a text that is not empty.
func isText(field json.RawMessage) bool {
	var text string
	return json.Unmarshal(field, &text) == nil && text != ""
}
