package concur

import "strconv"

// RefusalClass says what helps when the token endpoint refuses.
type RefusalClass string

// The classes of refusal. An operation refused for now is of kind [Unavailable], the
// others are [Unauthorized].
const (
	RefusedForGood      RefusalClass = "permanent" // a person must mend the set-up in Concur or here
	RefusedForNow       RefusalClass = "retryable" // asking again later helps
	RefusedUntilRenewed RefusalClass = "renew"     // a person must renew: a new request token, then concurctl token init
)

// Refusal is one code of the token endpoint.
type Refusal struct {
	Code  int
	Class RefusalClass
	Means string
}

// refusals are the documented codes. They hold for every grant; those of grants that
// the connector does not use say that something between us and Concur is wrong.
//
// Source: https://developer.concur.com/api-reference/authentication/apidoc.html#response_codes
var refusals = []Refusal{
	{5, RefusedUntilRenewed, "the credentials are wrong, or the request token has ended"},
	{10, RefusedForGood, "the account is disabled"},
	{11, RefusedForGood, "the account is disabled"},
	{12, RefusedForGood, "the logon is denied"},
	{13, RefusedForGood, "the logon is denied"},
	{14, RefusedForGood, "the account is locked"},
	{16, RefusedForGood, "the principal lives in another data centre, and that was tried or may not be"},
	{19, RefusedUntilRenewed, "the credentials are wrong, or the request token has ended"},
	{20, RefusedForGood, "the logon is denied, most often for the IP address"},
	{21, RefusedForGood, "the client may only sign in by single sign-on"},
	{51, RefusedForGood, "the user name is missing"},
	{52, RefusedForGood, "the password is missing"},
	{53, RefusedForGood, "the company is not enabled for this client"},
	{54, RefusedForGood, "the scope exceeds what was granted"},
	{55, RefusedForGood, "the e-mail address is unknown"},
	{56, RefusedForGood, "the one-time password is missing"},
	{57, RefusedForGood, "the channel type is missing"},
	{58, RefusedForGood, "the channel handle is missing"},
	{59, RefusedForGood, "the client is disabled"},
	{60, RefusedForGood, "the client is not allowed this grant"},
	{61, RefusedForGood, "the client is not found, perhaps because it lives in another data centre"},
	{62, RefusedForGood, "the client ID is missing"},
	{63, RefusedForGood, "the client secret is missing"},
	{64, RefusedForGood, "the client ID or secret is wrong"},
	{65, RefusedForGood, "the grant type is missing"},
	{80, RefusedForGood, "the channel type is not valid"},
	{81, RefusedForGood, "the channel handle is not valid"},
	{82, RefusedForGood, "too many one-time passwords are open"},
	{83, RefusedForGood, "the one-time password is not found"},
	{84, RefusedForGood, "a fact could not be verified"},
	{85, RefusedForGood, "the one-time password could not be verified"},
	{100, RefusedForGood, "the user name is unknown"},
	{101, RefusedForGood, "the authorization code is missing"},
	{102, RefusedForGood, "the redirect URI is missing"},
	{103, RefusedForGood, "the authorization code is wrong or has ended"},
	{104, RefusedForGood, "the redirect URI is another than before"},
	{105, RefusedForGood, "the grant was issued to another client"},
	{106, RefusedUntilRenewed, "the refresh token is missing"},
	{107, RefusedForGood, "the application may not refresh"},
	{108, RefusedUntilRenewed, "the refresh token is wrong or has ended"},
	{109, RefusedForGood, "the login ID is missing"},
	{115, RefusedForGood, "an unauthenticated client gets no token"},
	{117, RefusedForGood, "the nonce is missing"},
	{118, RefusedForGood, "the display is not valid"},
	{119, RefusedForGood, "the prompt is not valid"},
	{120, RefusedForGood, "the type of credential is not valid"},
	{121, RefusedForGood, "the type of login is not valid"},
	{122, RefusedForGood, "the proxies are not valid"},
	{123, RefusedForGood, "the principal is disabled"},
	{124, RefusedForGood, "the principal is refused"},
	{134, RefusedForNow, "the company is under maintenance"},
	{135, RefusedForGood, "the principal is refused"},
	{136, RefusedUntilRenewed, "the request token was issued to another application"},
	{139, RefusedForGood, "the password must be changed"},
}

// Refusals lists every code of the token endpoint that is documented.
func Refusals() []Refusal { return append([]Refusal(nil), refusals...) }

// classify says what helps against a refusal, and what a person has to do, as the
// beginning of a sentence. A code that is not documented is judged by the word of the
// OAuth standard beside it.
func classify(code, word string) (RefusalClass, string) {
	number, _ := strconv.Atoi(code)
	for _, known := range refusals {
		if known.Code == number {
			return known.Class, known.sentence()
		}
	}
	switch word {
	case "invalid_grant":
		return RefusedUntilRenewed, Refusal{Class: RefusedUntilRenewed}.sentence()
	case "invalid_client":
		return RefusedForGood, Refusal{Code: 64, Class: RefusedForGood}.sentence()
	case "temporarily_unavailable", "server_error":
		return RefusedForNow, ""
	}
	return RefusedForGood, Refusal{Class: RefusedForGood}.sentence()
}

func (r Refusal) sentence() string {
	text := "access is refused and must be mended in Concur by a person"
	switch {
	case r.Class == RefusedUntilRenewed:
		text = "the token is no longer accepted and a person must renew it"
	case r.Code >= 59 && r.Code <= 64:
		text = "access is refused and the client ID and secret must be checked by a person"
	}
	if r.Means != "" {
		text += " (" + r.Means + ")"
	}
	return text
}
