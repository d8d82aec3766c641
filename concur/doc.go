// Package concur is the client of SAP Concur's classic (v1.1, XML) interfaces: it
// reads an expense report, posts exceptions on it, takes an action on it, and
// lists and deletes failed notifications. Of the newer interfaces it knows the list
// of reports (v3), to find those that wait and that nobody told of; Workflows and
// Exceptions v4, to act on a report from the step that is meant ([Guard]); Request v4, to
// read travel requests and to act on them; and Identity and List v4, to look up who a
// user is and what a list item says. What was looked up is remembered for some hours.
//
// The access token goes to one host, the token's own geolocation, and only when
// that is on an exact allow-list. URLs that came from outside are checked, and then
// lend their path and query only. Redirects are not followed.
//
// The client keeps its access alive. With a token store, a file that several
// processes may share, what Concur gives at a refresh is written down before it is
// used, and survives the process.
//
// The client does not retry on its own, with two exceptions: an access token that
// Concur refuses is refreshed once, and a path with a stray percent sign that
// Concur refuses is sent once more with the sign escaped. In both cases the refusal
// proves that nothing was done. (A read that meets a kept connection just as it is
// closed is sent on a new one by net/http.)
//
// Every error of a request is an [*Error] with a kind that says what may be done
// about it.
package concur
