// Package expense holds the types that all other packages share: the expense report, the
// travel request, the notification, the verdict, and the inputs and results of activities.
//
// It imports no other package of this project, does no I/O and reads no clock. Temporal
// stores these types as JSON. Renaming a JSON field therefore breaks the runs that are open.
package expense
