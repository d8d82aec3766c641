package expense

import (
	"maps"
	"reflect"
	"slices"

	iso "github.com/bojanz/currency"
)

// historic are currencies that have left ISO 4217 since 1999, with the decimals that they
// had: reports of their time still name them. Package bojanz/currency knows those of today;
// docs/policy/functions.md says as of when.
var historic = map[string]int{
	"ANG": 2, "ATS": 2, "AZM": 2, "BEF": 0, "BGL": 2, "BGN": 2, "BYB": 0, "BYR": 0, "CSD": 2, "CUC": 2, "CYP": 2, "DEM": 2, "EEK": 2,
	"ESP": 0, "FIM": 2, "FRF": 2, "GHC": 2, "GRD": 0, "GWP": 2, "HRK": 2, "IEP": 2, "ITL": 0, "LTL": 2, "LUF": 0, "LVL": 2, "MGF": 0,
	"MRO": 2, "MTL": 2, "MXP": 2, "MZM": 2, "NLG": 2, "PTE": 0, "ROL": 2, "RUR": 2, "SDD": 2, "SIT": 2, "SKK": 2, "SLL": 2, "SRG": 2,
	"STD": 2, "TMM": 2, "TPE": 0, "TRL": 0, "VEB": 2, "VEF": 2, "XEU": 2, "YUM": 2, "ZMK": 2, "ZWD": 2, "ZWL": 2, "ZWN": 2, "ZWR": 2,
}

// undivided are the codes of ISO 4217 that are no money that anybody pays with: metals,
// units of account, those for tests and for no currency. They have no decimals of their own.
var undivided = []string{"XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"}

// assumedDecimals are taken where the decimals of a currency are not known.
const assumedDecimals = 2

// Decimals returns how many decimals ISO 4217 gives a currency (its minor unit): none for
// JPY, two for USD, three for KWD. Two are assumed of a code that is not known, and of one
// that has none, such as XAU.
func Decimals(code string) (decimals int, known bool) {
	if digits, ok := iso.GetDigits(code); ok {
		return int(digits), true
	}
	if digits, ok := historic[code]; ok {
		return digits, true
	}
	return assumedDecimals, false
}

// IsCurrency reports whether ISO 4217 has the code, or had it.
func IsCurrency(code string) bool {
	_, known := Decimals(code)
	return known || slices.Contains(undivided, code)
}

// Currencies lists the codes of ISO 4217 of today.
func Currencies() []string { return iso.GetCurrencyCodes() }

// AssumedDecimals names the currencies of the amounts in a report or travel request whose
// decimals are not known, so that two are assumed.
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
