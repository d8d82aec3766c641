package approvers

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// loginKey is what two spellings of one login have in common. It is strict, because it tells who
// somebody is: letters that only look alike, such as the Kelvin sign and k, stay different.
func loginKey(login string) string {
	return strings.Map(func(r rune) rune {
		if lower := unicode.ToLower(r); (lower < unicode.MaxASCII) == (r < unicode.MaxASCII) {
			return lower
		}
		return r
	}, strings.TrimSpace(login))
}

// looseKey is what two spellings of one login, or of one name, may have in common. It is
// generous, because it is used to refuse: it ignores case in every language, accents that are
// composed differently, and letters that are drawn in another width or style.
func looseKey(login string) string {
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(strings.TrimSpace(login))))
}
