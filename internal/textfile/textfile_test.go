package textfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/internal/textfile"
)

func TestOnlyAByteOrderMarkIsTakenOff(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "a": "a", "\uFEFFa": "a", "\uFEFF": "", " \uFEFFa": " \uFEFFa", "a\uFEFF\r\n": "a\uFEFF\r\n", "\uFEFF\uFEFFa": "\uFEFFa",
	} {
		got, err := textfile.Trim([]byte(text))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		path := filepath.Join(t.TempDir(), "f")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		got, err = textfile.Read(path)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
}

func TestUTF16IsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"\xff\xfea\x00", "\xfe\xff\x00a"} {
		_, err := textfile.Trim([]byte(text))
		require.ErrorIs(t, err, textfile.ErrUTF16)
		path := filepath.Join(t.TempDir(), "f")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err = textfile.Read(path)
		require.EqualError(t, err, "read "+path+": it is in UTF-16: save it as UTF-8")
	}
	_, err := textfile.Read(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
