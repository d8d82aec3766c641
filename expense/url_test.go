package expense_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

func TestAURLIsSplitAtItsDelimitersAndNothingMore(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]expense.URL{
		"https://h/p":                    {Scheme: "https", Host: "h", Path: "/p"},
		"HtTp://H:80/P":                  {Scheme: "HtTp", Host: "H:80", Path: "/P"},
		"https://h":                      {Scheme: "https", Host: "h"},
		"https://h/":                     {Scheme: "https", Host: "h", Path: "/"},
		"https://h?q/r":                  {Scheme: "https", Host: "h", Query: "q/r"},
		"https://h#f/g?h":                {Scheme: "https", Host: "h", Fragment: "f/g?h"},
		"https://h/p?q?r#f#g":            {Scheme: "https", Host: "h", Path: "/p", Query: "q?r", Fragment: "f#g"},
		"https://u:p@h/3%Rek$%":          {Scheme: "https", Host: "u:p@h", Path: "/3%Rek$%"},
		"https://h/a/../b//c;d":          {Scheme: "https", Host: "h", Path: "/a/../b//c;d"},
		"https://h/http://other/k":       {Scheme: "https", Host: "h", Path: "/http://other/k"},
		"svn+ssh.v-2://[::1]:22/é":       {Scheme: "svn+ssh.v-2", Host: "[::1]:22", Path: "/é"},
		`https://h\@other/p`:             {Scheme: "https", Host: `h\@other`, Path: "/p"},
		"javascript://h/%0aalert(1)":     {Scheme: "javascript", Host: "h", Path: "/%0aalert(1)"},
		"https://h/" + longPath(2000-10): {Scheme: "https", Host: "h", Path: "/" + longPath(2000-10)},
	} {
		u, err := expense.SplitURL(raw)
		require.NoError(t, err, raw)
		require.Equal(t, want, u, raw)
	}
}

func longPath(n int) string { return strings.Repeat("p", n) }

func TestInvalidURLsAreRejected(t *testing.T) {
	t.Parallel()
	for raw, says := range map[string]string{
		"":                                 "is empty",
		"h/p":                              "is not an absolute URL (scheme://host/path)",
		"//h/p":                            "is not an absolute URL (scheme://host/path)",
		"://h/p":                           "is not an absolute URL (scheme://host/path)",
		"https:/h/p":                       "is not an absolute URL (scheme://host/path)",
		"mailto:a@b":                       "is not an absolute URL (scheme://host/path)",
		" https://h/p":                     "is not an absolute URL (scheme://host/path)",
		"1https://h/p":                     "is not an absolute URL (scheme://host/path)",
		"-https://h/p":                     "is not an absolute URL (scheme://host/path)",
		"ht_tps://h/p":                     "is not an absolute URL (scheme://host/path)",
		"httpß://h/p":                      "is not an absolute URL (scheme://host/path)",
		"https://":                         "has no host",
		"https:///p":                       "has no host",
		"https://?q":                       "has no host",
		"https://#f":                       "has no host",
		"https://h/\tp":                    "has a control character",
		"https://h/p\r\nHost: other":       "has a control character",
		"https://h/p\x7f":                  "has a control character",
		"https://h/" + longPath(2001-10):   "is longer than 2000 bytes",
		"\x00" + strings.Repeat("p", 3000): "is longer than 2000 bytes",
	} {
		u, err := expense.SplitURL(raw)
		require.EqualError(t, err, says, raw)
		require.Zero(t, u)
	}
}

func FuzzSplitURL(f *testing.F) {
	f.Add(reports + percent + "?q#f")
	f.Add("a://b")
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := expense.SplitURL(raw)
		if err != nil {
			return
		}
		again := u.Scheme + "://" + u.Host + u.Path
		if strings.ContainsRune(strings.SplitN(raw, "#", 2)[0], '?') {
			again += "?" + u.Query
		}
		if strings.ContainsRune(raw, '#') {
			again += "#" + u.Fragment
		}
		require.Equal(t, raw, again, "no byte is lost")
	})
}
