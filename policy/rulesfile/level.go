package rulesfile

import (
	"slices"

	"concur-connector/expense"
)

// Level says on which objects a rule is evaluated.
type Level string

// The levels of reports and of travel requests.
const (
	ReportLevel      Level = "report"      // once
	EntryLevel       Level = "entry"       // once for each entry
	ItemizationLevel Level = "itemization" // once for each itemization of each entry
	AllocationLevel  Level = "allocation"  // once for each allocation of each entry or itemization

	RequestLevel         Level = "request"         // once, of a travel request
	ExpectedExpenseLevel Level = "expectedExpense" // once for each expense that it expects
	SegmentLevel         Level = "segment"         // once for each segment of each of these
)

// Levels are all levels: those of reports first, and the outer before the inner.
var Levels = []Level{
	ReportLevel, EntryLevel, ItemizationLevel, AllocationLevel,
	RequestLevel, ExpectedExpenseLevel, SegmentLevel,
}

// outer is the level that contains a level.
var outer = map[Level]Level{
	EntryLevel: ReportLevel, ItemizationLevel: EntryLevel, AllocationLevel: ItemizationLevel,
	ExpectedExpenseLevel: RequestLevel, SegmentLevel: ExpectedExpenseLevel,
}

// Known reports whether the level exists.
func (l Level) Known() bool { return slices.Contains(Levels, l) }

// OfRequest reports whether the level is one of travel requests.
func (l Level) OfRequest() bool { return slices.Index(Levels, l) >= slices.Index(Levels, RequestLevel) }

// Outer returns the level that contains this level; it is empty for report and request.
func (l Level) Outer() Level { return outer[l] }

// Whole returns the outermost level that contains this level: report or request.
func (l Level) Whole() Level {
	for outer[l] != "" {
		l = outer[l]
	}
	return l
}

// Within reports whether this level is the other level or lies within it. If so, its rules see
// the objects of the other level.
func (l Level) Within(other Level) bool {
	for ; l != ""; l = outer[l] {
		if l == other {
			return true
		}
	}
	return false
}

// Inner returns this level and the levels within it.
func (l Level) Inner() []Level {
	return slices.DeleteFunc(slices.Clone(Levels), func(other Level) bool { return !other.Within(l) })
}

// ObjectType is the type of object on which Concur has the exceptions of this level; it is empty
// for travel requests, on which Concur has no exceptions.
func (l Level) ObjectType() expense.ObjectType {
	switch l {
	case ReportLevel:
		return expense.OnReport
	case EntryLevel, ItemizationLevel:
		return expense.OnEntry
	case AllocationLevel:
		return expense.OnAllocation
	}
	return ""
}
