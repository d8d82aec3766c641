// Package page is the approvers' page: the queue of tasks, one report, the decision and what became
// of it. The server renders every page; it works without JavaScript.
//
// The package approvals mounts the handler at "/", implements UseCases and Sessions, and protects
// the page from cross-origin requests. Its own routes, such as /api/ and /login, come first.
package page
