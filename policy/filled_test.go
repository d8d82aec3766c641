package policy_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

// filled returns a report or a travel request whose every field is the pick of some
// values, of which the last is never empty.
func filled[T any](t testing.TB, pick func(n int) int) *T {
	t.Helper()
	r := new(T)
	fill(t, reflect.ValueOf(r).Elem(), pick)
	return r
}

func full(t testing.TB) *expense.Report { return fullOf[expense.Report](t) }

func fullRequest(t testing.TB) *expense.TravelRequest { return fullOf[expense.TravelRequest](t) }

func fullOf[T any](t testing.TB) *T {
	return filled[T](t, func(n int) int { return n - 1 })
}

func fill(t testing.TB, v reflect.Value, pick func(n int) int) {
	t.Helper()
	switch p := v.Addr().Interface().(type) {
	case *string:
		of := []string{"", "MEALS", "ALCOH", "USD", "75", "2", "Fair"}
		*p = of[pick(len(of))]
	case *expense.Interface:
		of := []expense.Interface{"", expense.V1, expense.V3, expense.V4}
		*p = of[pick(len(of))]
	case **bool:
		if n := pick(3); n > 0 {
			*p = new(n == 2)
		}
	case **int:
		if n := pick(5); n > 0 {
			*p = new(n - 1)
		}
	case *expense.Date:
		of := []expense.Date{"", "soon", "2026-05-02", "2026-05-04T23:59:59"}
		*p = of[pick(len(of))]
	case **expense.Money:
		currencies, amounts := []string{"", "EUR", "USD", "USD", "USD"}, []string{"0", "-3", "75.00000000", "80", "5000.01"}
		if pick(5) > 0 {
			*p = in(t, amounts[pick(len(amounts))], currencies[pick(len(currencies))])
		}
	case *map[string]expense.Field:
		numbers := []string{"1", "2", "3", "20"}
		for range pick(len(numbers) + 1) {
			f := expense.Field{}
			fill(t, reflect.ValueOf(&f).Elem(), pick)
			if *p == nil {
				*p = map[string]expense.Field{}
			}
			(*p)[numbers[len(*p)]] = f
		}
	default:
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).Tag.Get("json") != "-" { // which no rule reads
					fill(t, v.Field(i), pick)
				}
			}
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), pick(3), 2))
			for i := range v.Len() {
				fill(t, v.Index(i), pick)
			}
		default:
			require.FailNow(t, "no value for a field", "%s", v.Type())
		}
	}
}

// told makes of what was not told false and zero, as v1.1 prints it.
func told(report *expense.Report) *expense.Report {
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch p := v.Addr().Interface().(type) {
		case **bool:
			*p = cmp.Or(*p, new(false))
		case **int:
			*p = cmp.Or(*p, new(0))
		default:
			switch v.Kind() {
			case reflect.Struct:
				for i := range v.NumField() {
					walk(v.Field(i))
				}
			case reflect.Slice:
				for i := range v.Len() {
					walk(v.Index(i))
				}
			}
		}
	}
	walk(reflect.ValueOf(report).Elem())
	return report
}

// held names what is in a report or a travel request, by the names of its JSON:
// "entries.custom.3". An empty text, which some names always have, is nothing. The owner, whom
// no rule reads, is left out.
func held(t testing.TB, whole any) []string {
	t.Helper()
	found := map[string]bool{}
	var walk func(name string, value any)
	walk = func(name string, value any) {
		switch v := value.(type) {
		case map[string]any:
			_, amount := v["amount"]
			_, field := v["value"]
			if amount || field {
				found[name] = true
				return
			}
			delete(v, "owner")
			for key, inner := range v {
				walk(strings.TrimPrefix(name+"."+key, "."), inner)
			}
		case []any:
			for _, inner := range v {
				walk(name, inner)
			}
		default:
			if v != "" {
				found[name] = true
			}
		}
	}
	walk("", decoded(t, whole))
	return slices.Sorted(maps.Keys(found))
}

func decoded(t testing.TB, whole any) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal([]byte(encoded(t, whole)), &v))
	return v
}

func encoded(t testing.TB, whole any) string {
	t.Helper()
	data, err := json.Marshal(whole)
	require.NoError(t, err)
	return string(data)
}

// stored returns what a history gives back.
func stored[T any](t testing.TB, whole *T) *T {
	t.Helper()
	var r T
	require.NoError(t, json.Unmarshal([]byte(encoded(t, whole)), &r))
	return &r
}
