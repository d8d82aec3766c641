// Package approvals lets approvers find, read and decide the tasks that wait for them: as use
// cases for the approvers' page ([Service]), and as an HTTP interface that openapi.yaml describes.
//
// A run in Temporal owns each task. It decides whether a decision counts, and the endpoint returns
// the run's answer. Sending the same decision again is always safe.
package approvals
