package value

import (
	"regexp"
	"regexp/syntax"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// How large an expression and a regular expression may be.
const (
	MaxExpression = 4000 // characters
	MaxPattern    = 1000 // instructions
)

var (
	errPattern     = Error{Reason: "what it searches for is not a pattern"}
	errLongPattern = Error{Reason: "a pattern grows too large"}
)

// matchesFunction replaces CEL's matches for patterns that a rule computes. It refuses a large
// pattern before compiling it. CEL compiles first, which can take a second and a hundred MiB.
// Constant patterns are checked when the rules file is read.
func matchesFunction() cel.EnvOption {
	two := []*cel.Type{cel.StringType, cel.StringType}
	return cel.Function(overloads.Matches,
		cel.Overload(overloads.Matches, two, cel.BoolType),
		cel.MemberOverload(overloads.MatchesString, two, cel.BoolType),
		cel.SingletonBinaryBinding(matches))
}

func matches(text, pattern ref.Val) ref.Val {
	in, ok := text.(types.String)
	written, also := pattern.(types.String)
	if !ok || !also {
		return types.NoSuchOverloadErr()
	}
	if len(written) > MaxExpression {
		return types.WrapErr(errLongPattern)
	}
	parsed, err := syntax.Parse(string(written), syntax.Perl)
	if err != nil {
		return types.WrapErr(errPattern)
	}
	if steps(parsed) > MaxPattern {
		return types.WrapErr(errLongPattern)
	}
	compiled, err := regexp.Compile(string(written))
	if err != nil {
		return types.WrapErr(errPattern)
	}
	return types.Bool(compiled.MatchString(string(in)))
}

// steps estimates how many instructions a pattern compiles to. A repeated part counts once for
// each repetition. It stops counting above MaxPattern.
func steps(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	if re.Op == syntax.OpCharClass {
		n = 1
	}
	for _, part := range re.Sub {
		if n += steps(part); n > MaxPattern {
			return n
		}
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Max, re.Min+1)
	}
	return n
}
