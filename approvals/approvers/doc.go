// Package approvers authenticates approvers by their tokens. The approvers' file holds a SHA-256
// digest of each token.
package approvers
