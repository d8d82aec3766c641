package rulesfile

import (
	"slices"

	"concur-connector/expense"
)

// Level says what a rule is evaluated on.
type Level string

// The levels of a rule: of a report and what it consists of, and of a travel request.
const (
	ReportLevel      Level = "report"      // once
	EntryLevel       Level = "entry"       // once for each entry
	ItemizationLevel Level = "itemization" // once for each itemization of each entry
	AllocationLevel  Level = "allocation"  // once for each allocation of each entry or itemization

	RequestLevel         Level = "request"         // once, of a travel request
	ExpectedExpenseLevel Level = "expectedExpense" // once for each expense that it expects
	SegmentLevel         Level = "segment"         // once for each segment of each of these
)

// Levels are all of them, those of a report first, the outer before the inner.
var Levels = []Level{
	ReportLevel, EntryLevel, ItemizationLevel, AllocationLevel,
	RequestLevel, ExpectedExpenseLevel, SegmentLevel,
}

// outer is the level that a level is a part of.
var outer = map[Level]Level{
	EntryLevel: ReportLevel, ItemizationLevel: EntryLevel, AllocationLevel: ItemizationLevel,
	ExpectedExpenseLevel: RequestLevel, SegmentLevel: ExpectedExpenseLevel,
}

// Known reports whether there is such a level.
func (l Level) Known() bool { return slices.Contains(Levels, l) }

// OfRequest reports whether the level is one of travel requests.
func (l Level) OfRequest() bool { return slices.Index(Levels, l) >= slices.Index(Levels, RequestLevel) }

// Outer is the level that a level is a part of; empty for that of the whole.
func (l Level) Outer() Level { return outer[l] }

// Whole is what the level is a part of in the end.
func (l Level) Whole() Level {
	for outer[l] != "" {
		l = outer[l]
	}
	return l
}

// Within reports whether what an outer level sees is seen by this one.
func (l Level) Within(other Level) bool {
	for ; l != ""; l = outer[l] {
		if l == other {
			return true
		}
	}
	return false
}

// Inner are the levels that see what this one sees, itself included.
func (l Level) Inner() []Level {
	return slices.DeleteFunc(slices.Clone(Levels), func(other Level) bool { return !other.Within(l) })
}

// ObjectType is where Concur holds an exception for an object of the level; empty where
// it takes none.
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
