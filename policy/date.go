package policy

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

// day is a calendar day in CEL: days since 1970-01-01 as they are written, without
// a time zone.
type day int64

var dayType = cel.ObjectType("date", traits.ComparerType)

const errNotDate = failure(`date() needs a text like "2026-05-01"`)

// parseDay reads the forms of an [expense.Date] and cuts the time of day off.
func parseDay(text string) (day, bool) {
	for _, form := range []string{time.DateOnly, "2006-01-02T15:04:05", "2006-01-02T15:04", time.RFC3339} {
		if t, err := time.Parse(form, text); err == nil {
			return dayOf(t), true
		}
	}
	return 0, false
}

// dayOf is the calendar day of a moment, in the time zone of that.
func dayOf(t time.Time) day {
	return day(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func (d day) time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// Compare implements traits.Comparer.
func (d day) Compare(other ref.Val) ref.Val {
	o, ok := other.(day)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return types.Int(d).Compare(types.Int(o))
}

// Equal implements ref.Val.
func (d day) Equal(other ref.Val) ref.Val {
	o, ok := other.(day)
	return types.Bool(ok && d == o)
}

// ConvertToNative implements ref.Val.
func (d day) ConvertToNative(to reflect.Type) (any, error) {
	if to == reflect.TypeFor[time.Time]() {
		return d.time(), nil
	}
	return nil, errors.New("a date has no other form")
}

// ConvertToType implements ref.Val.
func (d day) ConvertToType(to ref.Type) ref.Val {
	if to == types.StringType {
		return types.String(d.time().Format(time.DateOnly))
	}
	return types.NewErr("a date has no other form")
}

// Type implements ref.Val.
func (d day) Type() ref.Type { return dayType }

// Value implements ref.Val.
func (d day) Value() any { return d.time() }

func dateFunctions() []cel.EnvOption {
	one, two := []*cel.Type{dayType}, []*cel.Type{dayType, dayType}
	compare := func(name, id string) cel.EnvOption {
		return cel.Function(name, cel.Overload(id, two, cel.BoolType)) // CEL calls the trait
	}
	return []cel.EnvOption{
		compare(operators.Less, "less_date"),
		compare(operators.LessEquals, "less_equals_date"),
		compare(operators.Greater, "greater_date"),
		compare(operators.GreaterEquals, "greater_equals_date"),
		cel.Function("date", cel.Overload("date_string", []*cel.Type{cel.StringType}, dayType,
			cel.UnaryBinding(func(text ref.Val) ref.Val {
				d, ok := parseDay(string(text.(types.String)))
				if !ok {
					return types.WrapErr(errNotDate)
				}
				return d
			}))),
		cel.Function("daysBetween", cel.Overload("days_between_date_date", two, cel.IntType,
			cel.BinaryBinding(func(a, b ref.Val) ref.Val { return types.Int(b.(day) - a.(day)) }))),
		cel.Function("weekday", cel.MemberOverload("date_weekday", one, cel.StringType,
			cel.UnaryBinding(func(d ref.Val) ref.Val {
				return types.String(strings.ToLower(d.(day).time().Weekday().String()))
			}))),
		cel.Function("string", cel.Overload("date_to_string", one, cel.StringType,
			cel.UnaryBinding(func(d ref.Val) ref.Val { return d.ConvertToType(types.StringType) }))),
	}
}
