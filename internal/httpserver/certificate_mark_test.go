package httpserver_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/internal/httpserver"
)

func TestAByteOrderMarkIsNotOfACertificate(t *testing.T) {
	t.Parallel()
	certFile, keyFile := writePair(t, t.TempDir(), "one")
	want, err := httpserver.KeyPair(certFile, keyFile)
	require.NoError(t, err)
	for _, path := range []string{certFile, keyFile} {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, []byte("\uFEFF"+strings.ReplaceAll(string(content), "\n", "\r\n")), 0o600))
	}
	got, err := httpserver.KeyPair(certFile, keyFile)
	require.NoError(t, err)
	require.Equal(t, want.Certificate, got.Certificate)
	require.NoError(t, os.WriteFile(certFile, []byte("\xff\xfe-\x00"), 0o600))
	_, err = httpserver.KeyPair(certFile, keyFile)
	require.ErrorContains(t, err, certFile+": it is in UTF-16: save it as UTF-8")
}
