package activities

// Addressable is addressable, for its test.
var Addressable = addressable
