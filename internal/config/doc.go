// Package config reads the configuration from the environment. variables.go declares all
// CONCUR_* variables, and no other package reads the environment. The Temporal SDK reads the
// TEMPORAL_* variables; this package reports names and values that the SDK would silently
// ignore.
//
// A variable NAME can also be given as NAME_FILE, the path of a file with the value. Giving both
// is an error. An empty variable counts as not set.
package config
