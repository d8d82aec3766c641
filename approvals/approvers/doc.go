// Package approvers knows who may decide: each approver has a token, of which a
// file holds the digest.
package approvers
