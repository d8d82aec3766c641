// Package ingress is the public door. It answers Concur's callout and its test of
// the connection, and knows HTTP but not Temporal: what makes a notification
// durable is a Starter.
//
// It answers 200 only once a notification is durable. Everything else leaves the
// notification with Concur, which lists it as failed.
package ingress
