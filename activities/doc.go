// Package activities holds the side effects: one method per effect, and the one
// table that turns an error of Concur into one that Temporal understands.
//
// A write proves itself before it is sent. It reads the report afresh in the same
// attempt; it counts as first only when nothing says that another attempt may have
// been sent; and it is sent only while Temporal still acknowledges the attempt.
package activities
