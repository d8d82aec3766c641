package spelling_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/internal/spelling"
)

func TestAMistypedNameSuggestsTheOneThatIsMeant(t *testing.T) {
	t.Parallel()
	known := []string{"hasReceipt", "posted", "purpose", "type", "typeName", "vendor", "date"}
	for name, want := range map[string]string{
		"hasReciept":  "hasReceipt", // swapped
		"hasreceipt":  "hasReceipt", // the wrong case alone
		"HASRECEIPT":  "hasReceipt",
		"postd":       "posted", // left out
		"postedd":     "posted", // too much
		"purpoze":     "purpose",
		"typName":     "typeName",
		"typ":         "type",
		"vender":      "vendor",
		"data":        "date",
		"amount":      "", // another name
		"":            "",
		"x":           "",
		"receipt":     "",
		"vendor":      "", // known: nothing is wrong with it
		"größe":       "",
		"has Receipt": "hasReceipt",
	} {
		require.Equal(t, want, spelling.Nearest(name, known), name)
	}
}

func TestOfTwoNamesTheNearerIsSuggestedAndThenTheFirst(t *testing.T) {
	t.Parallel()
	require.Equal(t, "allocation", spelling.Nearest("alocation", []string{"allocations", "allocation"}))
	require.Equal(t, "cost-a", spelling.Nearest("cost-c", []string{"cost-a", "cost-b"}))
	require.Empty(t, spelling.Nearest("cost", nil))
	require.Empty(t, spelling.Nearest("e", []string{"x"}))
}

func TestAVeryLongNameSuggestsNothing(t *testing.T) {
	t.Parallel()
	require.Empty(t, spelling.Nearest(strings.Repeat("x", 100_000), []string{strings.Repeat("x", 100_001)}))
}
