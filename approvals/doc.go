// Package approvals serves the HTTP endpoints for approvers. They show the status of a run and
// send a person's decision to the run.
//
// The run accepts or rejects a decision, and the endpoint returns the run's answer. Sending the
// same decision again is always safe.
package approvals
