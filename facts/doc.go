// Package facts asks the company's own systems what a rule wants to know of them: whether a
// receipt was handed in before, whether a cost centre is open.
//
// What is sent is what the rules file names and nothing else. It is sent by HTTPS to a host
// that the deployment allows, signed as Standard Webhooks says, and no redirect is followed.
// An answer is taken whole or not at all: every object that was asked about is answered
// exactly once. Whether an answer's values are of the kinds that the rules file says is for
// package policy to look at.
//
// The client does not retry: Temporal does, so that every attempt is in history.
//
// Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
package facts
