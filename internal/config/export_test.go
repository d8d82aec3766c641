package config

// TemporalVariables are the variables that Temporal's SDK reads.
var TemporalVariables = temporalVariables
