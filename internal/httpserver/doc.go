// Package httpserver is the HTTP server of the programs. It limits the resources that clients
// can use, follows Concur's TLS rules, reloads renewed certificates, and finishes open requests
// before it ends.
package httpserver
