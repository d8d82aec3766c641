// Package approvals is the internal door, where a person decides: it shows how the
// run of a notification is and takes a decision to it.
//
// A decision counts when the run says so. The door answers what the run answered,
// so sending the same decision again is safe at any time.
package approvals
