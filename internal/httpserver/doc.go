// Package httpserver listens: it bounds what a client may cost, speaks TLS as
// Concur asks, follows a renewed certificate, and drains before it ends.
package httpserver
