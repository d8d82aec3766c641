package value

import (
	"errors"
	"reflect"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// Date is a calendar day in CEL: days since 1970-01-01 as they are written, without
// a time zone.
type Date int64

var DateType = cel.ObjectType("date", traits.ComparerType)

var (
	errNotDate = Error{Reason: `date() needs a text like "2026-05-01"`}
	errNoDay   = Error{Reason: "a date lies outside the years 1 to 9999"}
)

// The first day of the year 1 and the last of 9999, and more days and months than lie between.
const (
	firstDay  = Date(-719162)
	lastDay   = Date(2932896)
	maxDays   = 4_000_000
	maxMonths = 120_000
)

// ParseDate reads the forms of an [expense.Date] and cuts the time of day off.
func ParseDate(text string) (Date, bool) {
	if len(text) > 64 {
		return 0, false
	}
	for _, form := range []string{time.DateOnly, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.RFC3339} {
		if t, err := time.Parse(form, text); err == nil {
			return DateOf(t), true
		}
	}
	return 0, false
}

// DateOf is the day that a time has in its own time zone.
func DateOf(t time.Time) Date {
	midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return Date(midnight.Unix() / 86400)
}

func (d Date) plusDays(n types.Int) ref.Val {
	if n > maxDays || n < -maxDays {
		return types.WrapErr(errNoDay)
	}
	return withinYears(d + Date(n))
}

// plusMonths keeps the day of the month, or takes the last that there is: a month after
// January 31 is the last of February.
func (d Date) plusMonths(n types.Int) ref.Val {
	if n > maxMonths || n < -maxMonths {
		return types.WrapErr(errNoDay)
	}
	t := d.Time()
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return withinYears(DateOf(first) + Date(min(t.Day(), last)-1))
}

func withinYears(d Date) ref.Val {
	if d < firstDay || d > lastDay {
		return types.WrapErr(errNoDay)
	}
	return d
}

func (d Date) isWeekend() bool {
	weekday := d.Time().Weekday()
	return weekday == time.Saturday || weekday == time.Sunday
}

func (d Date) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// Compare implements traits.Comparer.
func (d Date) Compare(other ref.Val) ref.Val {
	o, ok := other.(Date)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return types.Int(d).Compare(types.Int(o))
}

// Equal implements ref.Val.
func (d Date) Equal(other ref.Val) ref.Val {
	o, ok := other.(Date)
	return types.Bool(ok && d == o)
}

// ConvertToNative implements ref.Val.
func (d Date) ConvertToNative(to reflect.Type) (any, error) {
	if to == reflect.TypeFor[time.Time]() {
		return d.Time(), nil
	}
	return nil, errors.New("a date has no other form")
}

// ConvertToType implements ref.Val.
func (d Date) ConvertToType(to ref.Type) ref.Val {
	if to == types.StringType {
		return types.String(d.Time().Format(time.DateOnly))
	}
	return types.NewErr("a date has no other form")
}

// Type implements ref.Val.
func (d Date) Type() ref.Type { return DateType }

// Value implements ref.Val.
func (d Date) Value() any { return d.Time() }

func dateFunctions() []cel.EnvOption {
	one, two, byInt := []*cel.Type{DateType}, []*cel.Type{DateType, DateType}, []*cel.Type{DateType, cel.IntType}
	between := func(a, b ref.Val) ref.Val { return types.Int(b.(Date) - a.(Date)) }
	part := func(name string, of func(Date) ref.Val, typ *cel.Type) cel.EnvOption {
		return cel.Function(name, cel.MemberOverload("date_"+name, one, typ,
			cel.UnaryBinding(func(d ref.Val) ref.Val { return of(d.(Date)) })))
	}
	compare := func(name, id string) cel.EnvOption { return operator(name, id, two, cel.BoolType) }
	return []cel.EnvOption{
		compare(operators.Less, "less_date"),
		compare(operators.LessEquals, "less_equals_date"),
		compare(operators.Greater, "greater_date"),
		compare(operators.GreaterEquals, "greater_equals_date"),
		cel.Function("date", cel.Overload("date_string", []*cel.Type{cel.StringType}, DateType,
			cel.UnaryBinding(func(text ref.Val) ref.Val {
				d, ok := ParseDate(string(text.(types.String)))
				if !ok {
					return types.WrapErr(errNotDate)
				}
				return d
			}))),
		cel.Function("daysBetween", cel.Overload("days_between_date_date", two, cel.IntType,
			cel.BinaryBinding(between))),
		cel.Function("daysUntil", cel.MemberOverload("date_days_until_date", two, cel.IntType, cel.BinaryBinding(between))),
		cel.Function("plusDays", cel.MemberOverload("date_plus_days", byInt, DateType,
			cel.BinaryBinding(func(d, n ref.Val) ref.Val { return d.(Date).plusDays(n.(types.Int)) }))),
		cel.Function("plusMonths", cel.MemberOverload("date_plus_months", byInt, DateType,
			cel.BinaryBinding(func(d, n ref.Val) ref.Val { return d.(Date).plusMonths(n.(types.Int)) }))),
		part("year", func(d Date) ref.Val { return types.Int(d.Time().Year()) }, cel.IntType),
		part("month", func(d Date) ref.Val { return types.Int(d.Time().Month()) }, cel.IntType),
		part("day", func(d Date) ref.Val { return types.Int(d.Time().Day()) }, cel.IntType),
		part("isWeekend", func(d Date) ref.Val { return types.Bool(d.isWeekend()) }, cel.BoolType),
		part("weekday", func(d Date) ref.Val {
			return types.String(strings.ToLower(d.Time().Weekday().String()))
		}, cel.StringType),
		cel.Function("string", cel.Overload("date_to_string", one, cel.StringType,
			cel.UnaryBinding(func(d ref.Val) ref.Val { return d.ConvertToType(types.StringType) }))),
	}
}

// Weekdays are what weekday() may be.
var Weekdays = []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
