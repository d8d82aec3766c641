// Package activities holds the side effects of the workflows: each activity has one effect.
//
// All writes to a report go through one function, [Activities.write], which owns their order
// and says whether their outcome is unknown. One table turns an error of Concur into an
// error that Temporal understands: classOf in failure.go.
package activities
