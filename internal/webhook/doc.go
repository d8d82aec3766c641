// Package webhook contains what all requests to the company's own systems have in common: the
// allowed hosts, the signature of Standard Webhooks, and an HTTP client that follows no redirect.
//
// Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
package webhook
