package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProgressIsDrawnOnATerminalAndNowhereElse(t *testing.T) {
	t.Parallel()
	began := time.Now()
	var elsewhere strings.Builder
	p := NewProgress(&elsewhere, "retrying", 4)
	p.Step()
	p.End()
	require.Empty(t, elsewhere.String())

	p.w = &elsewhere // as if it were one
	p.Step()
	p.Step()
	p.Step()
	require.Contains(t, elsewhere.String(), "retrying [###############...............] 2/4 (0s)")
	require.Contains(t, elsewhere.String(), "] 4/4 (0s)")
	p.End()
	require.True(t, strings.HasSuffix(elsewhere.String(), "\r\x1b[K"))
	require.Equal(t, "sweeping (3s)", (&Progress{doing: "sweeping", began: began}).line(began.Add(3*time.Second)))
	require.Equal(t, "reading: 7 (3s)", (&Progress{doing: "reading", done: 7, began: began}).line(began.Add(3*time.Second)))
	p.Say("found 200, 180 started")
	require.Contains(t, elsewhere.String(), "retrying: found 200, 180 started (")
}
