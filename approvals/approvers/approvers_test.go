package approvers_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/approvals/approvers"
)

func write(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "approvers")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600))
	return path
}

func newToken(t *testing.T, name string) (token, line string) {
	t.Helper()
	token, line, err := approvers.NewToken(name)
	require.NoError(t, err)
	return token, line
}

func TestATokenAdmitsItsApprover(t *testing.T) {
	t.Parallel()
	anna, annaLine := newToken(t, "Anna Müller")
	bob, bobLine := newToken(t, "bob@example.com")
	bob2, bob2Line := newToken(t, "bob@example.com")
	stranger, _ := newToken(t, "stranger")
	people, err := approvers.Load(write(t, "\ufeff# who may decide", "", "  "+annaLine+" \r", bobLine, "# the new one", bob2Line))
	require.NoError(t, err)
	for token, want := range map[string]string{anna: "Anna Müller", bob: "bob@example.com", bob2: "bob@example.com"} {
		name, ok := people.Authenticate(token)
		require.True(t, ok)
		require.Equal(t, want, name)
	}
	for _, token := range []string{"", stranger, anna + " ", strings.ToUpper(anna), annaLine, "Anna Müller"} {
		name, ok := people.Authenticate(token)
		require.False(t, ok)
		require.Empty(t, name)
	}
	_, ok := new(approvers.Approvers).Authenticate("")
	require.False(t, ok, "the zero value admits nobody")
}

func TestATokenIsLongAndNew(t *testing.T) {
	t.Parallel()
	one, line := newToken(t, "anna")
	other, _ := newToken(t, "anna")
	require.Regexp(t, `^cca_[A-Za-z0-9_-]{43}$`, one)
	require.NotEqual(t, one, other)
	require.Regexp(t, `^anna:sha256:[0-9a-f]{64}$`, line)
	require.NotContains(t, line, one)
}

func TestANameThatCannotBeWrittenIsRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", strings.Repeat("ä", 65), "a:b", "#anna", " anna", "anna ", "an\nna", "an\u200bna", "\xff"} {
		_, _, err := approvers.NewToken(name)
		require.ErrorContains(t, err, "an approver's name must", "%q", name)
	}
	_, _, err := approvers.NewToken(strings.Repeat("ä", 64))
	require.NoError(t, err)
}

func TestAFileThatCannotBeUsedIsRefused(t *testing.T) {
	t.Parallel()
	_, anna := newToken(t, "anna")
	_, anna2 := newToken(t, "anna")
	_, anna3 := newToken(t, "anna")
	digest := strings.TrimPrefix(anna, "anna:sha256:")
	for name, c := range map[string]struct {
		lines []string
		says  string
	}{
		"too few parts":       {[]string{"# x", "anna:" + digest}, "line 2: not of the form NAME:sha256:HEX"},
		"too many parts":      {[]string{anna + ":x"}, "line 1: not of the form NAME:sha256:HEX"},
		"another algorithm":   {[]string{"anna:md5:" + digest}, "line 1: the second part must be sha256"},
		"a short digest":      {[]string{"anna:sha256:" + digest[2:]}, "line 1: the digest must be 64 hexadecimal digits"},
		"no hexadecimal":      {[]string{"anna:sha256:" + strings.Repeat("z", 64)}, "line 1: the digest must be"},
		"no name":             {[]string{":sha256:" + digest}, "line 1: an approver's name must have"},
		"the same line twice": {[]string{anna, "", anna}, "line 3: the digest is already"},
		"one token, two names": {[]string{anna, "bob:sha256:" + digest},
			"line 2: the digest is already"},
		"three tokens of one name": {[]string{anna, anna2, anna3}, "line 3: a name may have 2 lines at most"},
		"nobody":                   {[]string{"# nobody yet"}, "has no approvers"},
		"an endless line":          {[]string{strings.Repeat("x", 100_000)}, "a line is too long"},
		"an endless file":          {[]string{strings.Repeat("# x\n", 300_000)}, "is larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, c.lines...)
			_, err := approvers.Load(path)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, path)
			require.NotContains(t, err.Error(), digest)
		})
	}
	_, err := approvers.Load(filepath.Join(t.TempDir(), "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAByteOrderMarkIsNotOfTheFile(t *testing.T) {
	t.Parallel()
	token, line := newToken(t, "anna")
	a, err := approvers.Load(write(t, "\uFEFF"+line+"\r", ""))
	require.NoError(t, err)
	name, ok := a.Authenticate(token)
	require.True(t, ok)
	require.Equal(t, "anna", name)
	_, err = approvers.Load(write(t, "\xff\xfea\x00"))
	require.ErrorContains(t, err, "it is in UTF-16: save it as UTF-8")
}
