package telemetry_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/internal/telemetry"
)

func TestNewLogger(t *testing.T) {
	t.Parallel()
	t.Run("json is one object a line, from the level up", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		logger, err := telemetry.NewLogger(&out, "warn", "json")
		require.NoError(t, err)
		logger.Info("not written")
		logger.Warn("written", "notification", "EXPRPT:k")
		var line map[string]any
		require.NoError(t, json.Unmarshal(out.Bytes(), &line))
		require.Equal(t, "EXPRPT:k", line["notification"])
	})
	t.Run("text is for people", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		logger, err := telemetry.NewLogger(&out, "debug", "text")
		require.NoError(t, err)
		logger.Debug("hello", "kind", "EXPRPT")
		require.Contains(t, out.String(), "msg=hello kind=EXPRPT")
	})
	t.Run("an unknown level or format is an error", func(t *testing.T) {
		t.Parallel()
		_, err := telemetry.NewLogger(&bytes.Buffer{}, "loud", "json")
		require.EqualError(t, err, `log level "loud" is not debug, info, warn or error`)
		_, err = telemetry.NewLogger(&bytes.Buffer{}, "info", "xml")
		require.EqualError(t, err, `log format "xml" is not json or text`)
	})
}
