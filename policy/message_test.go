package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/policy"
)

func TestAFixedTextAsMessageExpressionIsExplained(t *testing.T) {
	t.Parallel()
	_, err := policy.Parse("f", []byte(with("message:", "messageExpression: No receipt")))
	require.ErrorContains(t, err, `f:7:27: rule "one": messageExpression: `)
	require.ErrorContains(t, err, "under message instead")
}

func TestRulesWithoutDashesAreExplained(t *testing.T) {
	t.Parallel()
	_, err := policy.Parse("f", []byte(head+"  name: one\n"))
	require.ErrorContains(t, err, "f:3:3: ")
	require.ErrorContains(t, err, "begins with a dash")
}

func TestAMessageWithAPlaceForAValueIsAWarning(t *testing.T) {
	t.Parallel()
	for _, message := range []string{`"{{entry.vendor}} is new"`, `"${entry.vendor} is new"`, `"{entry.vendor} is new"`} {
		p, err := policy.Parse("f", []byte(with("message: "+message)))
		require.NoError(t, err)
		require.Len(t, p.Warnings(), 1, message)
		require.ErrorContains(t, p.Warnings()[0], "messageExpression computes one")
	}
}
