package policy

import (
	"unicode/utf8"

	"concur-connector/expense"
	"concur-connector/policy/rulesfile"
)

// How large what explains a verdict may be, in bytes of JSON. A verdict is stored with its
// run, and one that does not fit there could not be acted on.
const (
	maxSaid    = 384 << 10 // all findings without the values
	maxSaw     = 256 << 10 // the values that the rules saw
	maxClipped = 80        // characters of a message for which there is no more room
	frame      = 100       // the names of the fields of a finding or a value
)

// inSize shortens what does not fit: first the values that were seen are left out, then
// messages are cut. What rules found that are only watched takes no room from the others.
func inSize(all []expense.Finding) []expense.Finding {
	said, saw := 0, 0
	for _, shadow := range []bool{false, true} {
		for i := range all {
			f := &all[i]
			if f.Shadow != shadow {
				continue
			}
			if said += frame + stored(f.Rule) + stored(f.Object) + stored(f.Message); said > maxSaid {
				f.Message = rulesfile.Clip(f.Message, maxClipped)
			}
			values := 0
			for _, s := range f.Values {
				values += frame/4 + stored(s.Name) + stored(s.Value)
			}
			if saw += values; saw > maxSaw {
				saw -= values
				f.Values = nil
			}
		}
	}
	return all
}

// stored is how long a text is in JSON, at most.
func stored(text string) int {
	n := 0
	for _, r := range text {
		switch {
		case r < ' ', r == '<', r == '>', r == '&', r == '\u2028', r == '\u2029', r == utf8.RuneError:
			n += 6
		case r == '"', r == '\\':
			n += 2
		default:
			n += utf8.RuneLen(r)
		}
	}
	return n
}
