package policy

import (
	"fmt"
	"slices"
	"strings"

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

	RequestLevel  Level = "request"  // once, of a travel request
	ExpectedLevel Level = "expected" // once for each expense that it expects
	SegmentLevel  Level = "segment"  // once for each segment of each of these
)

// levels are all of them, those of a report first, the outer before the inner.
var levels = []Level{
	ReportLevel, EntryLevel, ItemizationLevel, AllocationLevel,
	RequestLevel, ExpectedLevel, SegmentLevel,
}

// outer is the level that a level is a part of.
var outer = map[Level]Level{
	EntryLevel: ReportLevel, ItemizationLevel: EntryLevel, AllocationLevel: ItemizationLevel,
	ExpectedLevel: RequestLevel, SegmentLevel: ExpectedLevel,
}

// shapeOf is what an expression of a level sees under the name of the level, besides
// everything that the outer levels see.
var shapeOf = map[Level]*shape{
	ReportLevel: reportShape, EntryLevel: entryShape, ItemizationLevel: itemizationShape, AllocationLevel: allocationShape,
	RequestLevel: requestShape, ExpectedLevel: expectedShape, SegmentLevel: segmentShape,
}

func (l Level) known() bool { return slices.Contains(levels, l) }

// ofRequest reports whether the level is one of travel requests.
func (l Level) ofRequest() bool { return slices.Index(levels, l) >= slices.Index(levels, RequestLevel) }

// whole is what the level is a part of in the end.
func (l Level) whole() Level {
	for outer[l] != "" {
		l = outer[l]
	}
	return l
}

// within reports whether what an outer level sees is seen by this one.
func (l Level) within(other Level) bool {
	for ; l != ""; l = outer[l] {
		if l == other {
			return true
		}
	}
	return false
}

// inner are the levels that see what this one sees, itself included.
func (l Level) inner() []Level {
	return slices.DeleteFunc(slices.Clone(levels), func(other Level) bool { return !other.within(l) })
}

// objectType is where Concur holds an exception for an object of the level; empty where
// it takes none.
func (l Level) objectType() expense.ObjectType {
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

// someLevels lists levels as a sentence does.
func someLevels(list []Level) string {
	names := make([]string, len(list))
	for i, l := range list {
		names[i] = string(l)
	}
	if len(names) == 1 {
		return "level " + names[0]
	}
	last := len(names) - 1
	return fmt.Sprintf("levels %s and %s", strings.Join(names[:last], ", "), names[last])
}
