package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProgressIsDrawnOnATerminalAndNowhereElse(t *testing.T) {
	t.Parallel()
	var elsewhere strings.Builder
	p := newProgress(&elsewhere, "retrying", 4)
	p.step()
	p.end()
	require.Empty(t, elsewhere.String())

	p.w = &elsewhere // as if it were one
	p.step()
	p.step()
	p.step()
	require.Contains(t, elsewhere.String(), "retrying [###############...............] 2/4 (0s)")
	require.Contains(t, elsewhere.String(), "] 4/4 (0s)")
	p.end()
	require.True(t, strings.HasSuffix(elsewhere.String(), "\r\x1b[K"))
	require.Equal(t, "sweeping (3s)", (&progress{doing: "sweeping", began: long}).line(long.Add(3*time.Second)))
	require.Equal(t, "reading: 7 (3s)", (&progress{doing: "reading", done: 7, began: long}).line(long.Add(3*time.Second)))
	p.say("found 200, 180 started")
	require.Contains(t, elsewhere.String(), "retrying: found 200, 180 started (")
}
