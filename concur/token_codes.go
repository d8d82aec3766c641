package concur

import "strconv"

// RefusalClass says what helps if the token endpoint refuses.
type RefusalClass string

// The classes of refusal. An operation refused for now is of kind [Unavailable], the
// others are [Unauthorized].
const (
	NeedsRepair  RefusalClass = "permanent" // a person must fix the set-up in Concur or here
	Retryable    RefusalClass = "retryable" // asking again later helps
	NeedsRenewal RefusalClass = "renew"     // a person must renew: a new request token, then concurctl token init
)

// Refusal is one code of the token endpoint.
type Refusal struct {
	Code  int
	Class RefusalClass
	Means string
}

// refusals are the documented codes. They hold for every grant. A code of a grant that the
// connector does not use shows that something between the connector and Concur is wrong.
//
// Source: https://developer.concur.com/api-reference/authentication/apidoc.html#response_codes
var refusals = []Refusal{
	{5, NeedsRenewal, "the credentials are wrong, or the request token has ended"},
	{10, NeedsRepair, "the account is disabled"},
	{11, NeedsRepair, "the account is disabled"},
	{12, NeedsRepair, "the logon is denied"},
	{13, NeedsRepair, "the logon is denied"},
	{14, NeedsRepair, "the account is locked"},
	{16, NeedsRepair, "the principal lives in another data centre, and that was tried or may not be"},
	{19, NeedsRenewal, "the credentials are wrong, or the request token has ended"},
	{20, NeedsRepair, "the logon is denied, most often for the IP address"},
	{21, NeedsRepair, "the client may only sign in by single sign-on"},
	{51, NeedsRepair, "the user name is missing"},
	{52, NeedsRepair, "the password is missing"},
	{53, NeedsRepair, "the company is not enabled for this client"},
	{54, NeedsRepair, "the scope exceeds what was granted"},
	{55, NeedsRepair, "the e-mail address is unknown"},
	{56, NeedsRepair, "the one-time password is missing"},
	{57, NeedsRepair, "the channel type is missing"},
	{58, NeedsRepair, "the channel handle is missing"},
	{59, NeedsRepair, "the client is disabled"},
	{60, NeedsRepair, "the client is not allowed this grant"},
	{61, NeedsRepair, "the client is not found, perhaps because it lives in another data centre"},
	{62, NeedsRepair, "the client ID is missing"},
	{63, NeedsRepair, "the client secret is missing"},
	{64, NeedsRepair, "the client ID or secret is wrong"},
	{65, NeedsRepair, "the grant type is missing"},
	{80, NeedsRepair, "the channel type is not valid"},
	{81, NeedsRepair, "the channel handle is not valid"},
	{82, NeedsRepair, "too many one-time passwords are open"},
	{83, NeedsRepair, "the one-time password is not found"},
	{84, NeedsRepair, "a fact could not be verified"},
	{85, NeedsRepair, "the one-time password could not be verified"},
	{100, NeedsRepair, "the user name is unknown"},
	{101, NeedsRepair, "the authorization code is missing"},
	{102, NeedsRepair, "the redirect URI is missing"},
	{103, NeedsRepair, "the authorization code is wrong or has ended"},
	{104, NeedsRepair, "the redirect URI is another than before"},
	{105, NeedsRepair, "the grant was issued to another client"},
	{106, NeedsRenewal, "the refresh token is missing"},
	{107, NeedsRepair, "the application may not refresh"},
	{108, NeedsRenewal, "the refresh token is wrong or has ended"},
	{109, NeedsRepair, "the login ID is missing"},
	{115, NeedsRepair, "an unauthenticated client gets no token"},
	{117, NeedsRepair, "the nonce is missing"},
	{118, NeedsRepair, "the display is not valid"},
	{119, NeedsRepair, "the prompt is not valid"},
	{120, NeedsRepair, "the type of credential is not valid"},
	{121, NeedsRepair, "the type of login is not valid"},
	{122, NeedsRepair, "the proxies are not valid"},
	{123, NeedsRepair, "the principal is disabled"},
	{124, NeedsRepair, "the principal is refused"},
	{134, Retryable, "the company is under maintenance"},
	{135, NeedsRepair, "the principal is refused"},
	{136, NeedsRenewal, "the request token was issued to another application"},
	{139, NeedsRepair, "the password must be changed"},
}

// Refusals lists every documented code of the token endpoint.
func Refusals() []Refusal { return append([]Refusal(nil), refusals...) }

// classify returns what helps against a refusal, and the beginning of a sentence that says
// what a person must do. If the code is not documented, the OAuth error decides.
func classify(code, word string) (RefusalClass, string) {
	number, _ := strconv.Atoi(code)
	for _, known := range refusals {
		if known.Code == number {
			return known.Class, known.sentence()
		}
	}
	switch word {
	case "invalid_grant":
		return NeedsRenewal, Refusal{Class: NeedsRenewal}.sentence()
	case "invalid_client":
		return NeedsRepair, Refusal{Code: 64, Class: NeedsRepair}.sentence()
	case "temporarily_unavailable", "server_error":
		return Retryable, ""
	}
	return NeedsRepair, Refusal{Class: NeedsRepair}.sentence()
}

func (r Refusal) sentence() string {
	text := "the tokens are refused and a person must fix the set-up in Concur"
	switch {
	case r.Class == NeedsRenewal:
		text = "the token is no longer accepted and a person must renew it"
	case r.Code >= 59 && r.Code <= 64:
		text = "the tokens are refused and a person must check the client ID and secret"
	}
	if r.Means != "" {
		text += " (" + r.Means + ")"
	}
	return text
}
