// Package approvers knows who may decide: the approvers' file with its people, groups, tokens
// and delegations, the seal that the approvals endpoint puts on a decision, and the check of a
// decision against both.
package approvers
