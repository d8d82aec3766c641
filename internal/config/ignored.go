package config

import (
	"os"
	"slices"
	"strings"

	"concur-connector/internal/spelling"
)

// Ignored is an environment variable that looks like a CONCUR_* or TEMPORAL_* variable, but
// that no program reads.
type Ignored struct {
	Name string
	Why  string // completes a sentence that begins with the name; never contains the value
}

// AllIgnored lists the ignored variables, sorted by name: mistyped names, variables without
// effect, and those that Kubernetes sets for a service called concur or temporal.
func AllIgnored() []Ignored {
	known := knownNames()
	var ignored []Ignored
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		if why := whyIgnored(name, known); why != "" && value != "" {
			ignored = append(ignored, Ignored{name, why})
		}
	}
	slices.SortFunc(ignored, func(a, b Ignored) int { return strings.Compare(a.Name, b.Name) })
	return ignored
}

// knownNames lists every variable that a program reads.
func knownNames() []string {
	known := slices.Clone(temporalVariables)
	for _, v := range Table() {
		known = append(known, v.Name, v.Name+fileSuffix)
	}
	return known
}

// whyIgnored says why a variable is ignored. It returns nothing for a variable that is read and
// for variables of other programs.
func whyIgnored(name string, known []string) string {
	if slices.Contains(known, name) || strings.HasPrefix(name, temporalMeta) {
		return uselessVariables()[name]
	}
	written, rest, found := strings.Cut(strings.ToUpper(name), "_")
	if !found {
		return ""
	}
	meant := written + "_"
	if meant != prefix && meant != temporalPrefix {
		// This is another program's variable, unless only its prefix is mistyped.
		meant = spelling.Nearest(written, []string{"CONCUR", "TEMPORAL"}) + "_"
		if !slices.Contains(known, meant+rest) {
			return ""
		}
	}
	switch best := nearest(meant, rest, known); {
	case best == "":
		return "is unknown and ignored"
	case meant == temporalPrefix && best+fileSuffix == meant+rest:
		return "is unknown and ignored: Temporal's variables have no " + fileSuffix + " form; set " + best
	default:
		return "is unknown and ignored; did you mean " + best + "?"
	}
}

// nearest returns the known variable that was probably meant by prefix and rest, or
// nothing.
func nearest(prefix, rest string, known []string) string {
	if other, ok := otherNames[prefix+rest]; ok {
		return other
	}
	var rests []string
	for _, name := range known {
		if after, ok := strings.CutPrefix(name, prefix); ok {
			rests = append(rests, after)
		}
	}
	bare := strings.TrimSuffix(rest, fileSuffix)
	switch {
	case slices.Contains(rests, rest):
		return prefix + rest // only the case or the prefix is wrong
	case slices.Contains(rests, bare):
		return prefix + bare
	}
	if best := spelling.Nearest(rest, rests); best != "" {
		return prefix + best
	}
	// The name has an additional part, as in TEMPORAL_FRONTEND_ADDRESS, or an abbreviation, as
	// in TEMPORAL_ADDR. Prefer the longest match.
	best := ""
	for _, other := range rests {
		if len(other) > len(best) && len(rest) > 2 && (strings.HasSuffix(bare, "_"+other) || strings.HasPrefix(other, rest)) {
			best = other
		}
	}
	if best == "" {
		return ""
	}
	return prefix + best
}
