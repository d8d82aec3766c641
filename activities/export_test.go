package activities

// Addressable exports addressable to its test.
var Addressable = addressable
