// Package ingress serves the HTTP endpoint that Concur calls. It answers callouts and the test
// of the connection. It knows HTTP but not Temporal: a Starter makes a notification durable.
//
// It answers 200 only after a notification is durable. After any other answer, Concur keeps the
// notification in its list of failed notifications.
package ingress
