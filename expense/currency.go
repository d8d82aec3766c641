package expense

import (
	"maps"
	"reflect"
	"slices"

	iso "github.com/bojanz/currency"
)

// historic holds the currencies that have left ISO 4217 since 1999, with their decimals. Old
// reports still name them. The library bojanz/currency knows only the current ones;
// docs/policy/functions.md gives the date of its list.
var historic = map[string]int{
	"ANG": 2, "ATS": 2, "AZM": 2, "BEF": 0, "BGL": 2, "BGN": 2, "BYB": 0, "BYR": 0, "CSD": 2, "CUC": 2, "CYP": 2, "DEM": 2, "EEK": 2,
	"ESP": 0, "FIM": 2, "FRF": 2, "GHC": 2, "GRD": 0, "GWP": 2, "HRK": 2, "IEP": 2, "ITL": 0, "LTL": 2, "LUF": 0, "LVL": 2, "MGF": 0,
	"MRO": 2, "MTL": 2, "MXP": 2, "MZM": 2, "NLG": 2, "PTE": 0, "ROL": 2, "RUR": 2, "SDD": 2, "SIT": 2, "SKK": 2, "SLL": 2, "SRG": 2,
	"STD": 2, "TMM": 2, "TPE": 0, "TRL": 0, "VEB": 2, "VEF": 2, "XEU": 2, "YUM": 2, "ZMK": 2, "ZWD": 2, "ZWL": 2, "ZWN": 2, "ZWR": 2,
}

// undivided holds the codes of ISO 4217 without decimals of their own: metals, units of
// account, and the codes for tests and for no currency. Nobody pays with them.
var undivided = []string{"XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"}

// assumedDecimals is the number of decimals of an unknown currency.
const assumedDecimals = 2

// Decimals returns the number of decimals (the minor unit) of a currency in ISO 4217: none for
// JPY, two for USD, three for KWD. For an unknown code, and for one without decimals of its own
// such as XAU, it returns two, and known is false.
func Decimals(code string) (decimals int, known bool) {
	if digits, ok := iso.GetDigits(code); ok {
		return int(digits), true
	}
	if digits, ok := historic[code]; ok {
		return digits, true
	}
	return assumedDecimals, false
}

// IsCurrency reports whether ISO 4217 has or had the code.
func IsCurrency(code string) bool {
	_, known := Decimals(code)
	return known || slices.Contains(undivided, code)
}

// Currencies lists the current codes of ISO 4217.
func Currencies() []string { return iso.GetCurrencyCodes() }

// AssumedDecimals lists the currencies in a report or travel request whose decimals are
// unknown. Amounts in them are taken to have two decimals.
func AssumedDecimals(of any) []string {
	codes := map[string]bool{}
	collectCodes(reflect.ValueOf(of), codes)
	return slices.Sorted(maps.Keys(codes))
}

func collectCodes(v reflect.Value, codes map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			collectCodes(v.Elem(), codes)
		}
	case reflect.Slice:
		for i := range v.Len() {
			collectCodes(v.Index(i), codes)
		}
	case reflect.Struct:
		if m, ok := v.Interface().(Money); ok {
			if _, known := Decimals(m.Currency); !known && m.Currency != "" {
				codes[m.Currency] = true
			}
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				collectCodes(v.Field(i), codes)
			}
		}
	}
}
