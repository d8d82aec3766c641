// Package workflows holds the deterministic code of the connector and is the only
// room that knows Temporal's names: contract.go lists everything that is stored in
// somebody's Temporal, client.go is how outsiders reach a run.
//
// Activities are called by their registered names; their inputs and results are
// types of package expense.
package workflows
