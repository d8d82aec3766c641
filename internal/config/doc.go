// Package config reads the environment: every variable of ours is declared in
// variables.go, and nothing else in the programs asks the environment for one.
// Temporal's own TEMPORAL_* variables are read by the Temporal SDK; this package finds the
// values and the names that the SDK would pass over without a word.
//
// Each variable may be given as NAME or, by the path of a file that holds the
// value, as NAME_FILE; giving both is an error. An empty variable counts as not
// set.
package config
