package httpserver

// What the tests look at from outside.
var (
	Affordable = affordable
	OpenFiles  = openFiles
)
