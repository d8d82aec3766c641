package value

import "fmt"

// Error says why an expression has no value. Its text never quotes a value of the report.
type Error struct {
	Reason   string
	Kind     ErrorKind
	Variable string // the variable that Reason already names
}

// ErrorKind tells what is missing from what is wrong.
type ErrorKind int

// The kinds of an error. has() is false where a value is Absent or Unavailable, and fails
// where it is Wrong.
const (
	Wrong       ErrorKind = iota // something is wrong
	Absent                       // a field or a key is absent
	Unavailable                  // there is nothing to compute from, as with an empty list
)

func (e Error) Error() string { return e.Reason }

// Errorf formats the reason of an error that is Wrong.
func Errorf(format string, args ...any) Error {
	return Error{Reason: fmt.Sprintf(format, args...)}
}
