package policy

// Suggest is what an unknown name probably means.
var Suggest = suggest
