package concur_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
)

func TestAGuardIsReadAsItIsConfigured(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]concur.Guard{
		"":                        {},
		" none ":                  {},
		"expectedStepCode=EXTVAL": {"expectedStepCode": "EXTVAL"},
		" expectedStepCode = PRE 1 , currentSequence=7": {"expectedStepCode": "PRE 1", "currentSequence": "7"},
	} {
		got, err := concur.ParseGuard(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for text, says := range map[string]string{
		"EXTVAL":                                "a guard is field=value",
		"=EXTVAL":                               "a guard is field=value",
		"expectedStepCode=A,":                   "a guard is field=value",
		"expectedStepCode=A,expectedStepCode=B": "names expectedStepCode twice",
		"expectedStepCode=":                     "is empty",
		"stepCode=A":                            `the guard "stepCode" is none of`,
		"currentSequence=first":                 "is not a whole number",
		"expectedStepCode=\u00e9":               "not printable ASCII",
	} {
		_, err := concur.ParseGuard(text)
		require.ErrorContains(t, err, says, text)
	}
}

func TestAGuardNamesOneStepUnlessItIsTheClassicCode(t *testing.T) {
	t.Parallel()
	for text, one := range map[string]bool{
		"none":                       false,
		"expectedStepCode=EXTVAL":    false,
		"expectedStepCode=extval":    false,
		"expectedStepCode=EXRTREADY": true,
		"expectedStepSequence=3":     true,
		"expectedStepCode=EXTVAL,expectedStepSequence=3": true,
	} {
		g, err := concur.ParseGuard(text)
		require.NoError(t, err)
		require.Equal(t, one, g.NamesOneStep(), text)
	}
}
