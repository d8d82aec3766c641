// Package facts is the client for fact services: systems of the company that answer questions
// of rules, such as whether a receipt was submitted before or a cost centre is open.
//
// The client sends only the values that the rules file names. It sends them over HTTPS to hosts
// that the deployment allows, signed according to Standard Webhooks, and follows no redirect.
// An answer must contain every object of the question exactly once; otherwise the client
// rejects all of it. Package policy checks the types of the values.
//
// The client does not retry. Temporal does, so that the history shows every attempt.
//
// Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
package facts
