package activities

// Addressed is addressed, for its test.
var Addressed = addressed
