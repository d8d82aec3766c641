package httpserver

// What the tests look at from outside.
var (
	ConnectionLimit = connectionLimit
	MaxOpenFiles    = maxOpenFiles
)
