package approvers_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/approvals/approvers"
)

func TestAFileSaysWhoMayDecide(t *testing.T) {
	t.Parallel()
	anna, annaDigest := approvers.NewToken()
	anna2, anna2Digest := approvers.NewToken()
	stranger, _ := approvers.NewToken()
	a, err := approvers.Load(write(t, "\uFEFF# who may decide\r\n"+`
timezone: Europe/Berlin
approvers:
  - name: Anna Müller
    logins: [anna.mueller@example.com, "4711"]
    groups: [finance, controllers]
    tokens:
      - {sha256: `+annaDigest.String()+`, added: 2026-01-31}
      - sha256: `+strings.ToUpper(anna2Digest.String())+`
    oidc: 248289761001
  - {name: "Bob: the auditor", submitsReports: false}
delegations:
  - {from: Anna Müller, to: "bob: THE auditor", until: 2026-12-24}
  - {from: "Bob: the auditor", to: Anna Müller, since: 2026-12-01, until: 2026-12-01T18:00:00+01:00}
`))
	require.NoError(t, err)
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	require.Equal(t, []approvers.Person{
		{
			Name: "Anna Müller", Logins: []string{"anna.mueller@example.com", "4711"}, Groups: []string{"finance", "controllers"},
			Tokens:  []approvers.Token{{SHA256: annaDigest, Added: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)}, {SHA256: anna2Digest}},
			Subject: "248289761001", SubmitsReports: true,
		},
		{Name: "Bob: the auditor"},
	}, a.People)
	require.Equal(t, approvers.Delegation{From: "Anna Müller", To: "Bob: the auditor", Until: time.Date(2026, 12, 25, 0, 0, 0, 0, berlin)}, a.Delegations[0],
		"until the end of the day")
	second := a.Delegations[1]
	require.False(t, second.InForce(time.Date(2026, 11, 30, 22, 59, 59, 0, time.UTC)))
	require.True(t, second.InForce(time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC)), "from the beginning of the day in Berlin")
	require.False(t, second.InForce(time.Date(2026, 12, 1, 17, 0, 0, 0, time.UTC)))

	for _, token := range []string{anna, anna2} {
		require.Equal(t, "Anna Müller", a.WithToken(token).Name)
	}
	for _, token := range []string{"", stranger, anna + " ", strings.ToUpper(anna), annaDigest.String(), "Anna Müller"} {
		require.Nil(t, a.WithToken(token), token)
	}
	require.Nil(t, new(approvers.Approvers).WithToken(""), "the zero value admits nobody")
}

func TestATokenIsLongAndNew(t *testing.T) {
	t.Parallel()
	one, digest := approvers.NewToken()
	other, _ := approvers.NewToken()
	require.Regexp(t, `^cca_[A-Za-z0-9_-]{43}$`, one)
	require.NotEqual(t, one, other)
	require.Regexp(t, `^[0-9a-f]{64}$`, digest.String())
}

func TestALoginIdentifiesOnlyItsPerson(t *testing.T) {
	t.Parallel()
	a := parse(t, `
approvers:
  - {name: Kim, logins: [kim@example.com, ÄRA@example.com], oidc: sub-1}
  - {name: Lee, logins: [lee@example.com]}
`)
	names := func(subject string, logins ...string) (all []string) {
		for _, p := range a.Identified(logins, subject) {
			all = append(all, p.Name)
		}
		return all
	}
	require.Equal(t, []string{"Kim"}, names("", " KIM@Example.com "))
	require.Equal(t, []string{"Kim"}, names("", "ära@example.com"))
	require.Equal(t, []string{"Kim"}, names("sub-1"))
	require.Equal(t, []string{"Kim", "Lee"}, names("sub-1", "lee@example.com"))
	for _, login := range []string{"", "\u212Aim@example.com", "kım@example.com", "ｋim@example.com", "kim@example.com.evil", "Kim"} {
		require.Empty(t, names("", login), "%q only looks alike", login)
	}
	require.Empty(t, names("SUB-1"))
}

func TestAFileThatCannotBeUsedIsRefused(t *testing.T) {
	t.Parallel()
	people := "approvers: [{name: Anna}, {name: Bob}]\n"
	for name, c := range map[string]struct {
		text, at, says string
	}{
		"the old format":            {"# x\nanna:sha256:" + digest("a") + "\n", ":2: ", "concurctl approver add NAME"},
		"the old format, with CRLF": {"anna:sha256:" + digest("a") + "\r\n", ":1: ", "no longer read"},
		"nothing":                   {"", ": ", "the file is empty"},
		"comments only":             {"# nobody\n", ": ", "the file is empty"},
		"no YAML":                   {"approvers: [", ":2:1: ", "not YAML"},
		"a tab":                     {"approvers:\n\t- name: Anna\n", ":2:1: ", "not YAML"},
		"two documents":             {"approvers: []\n---\napprovers: []\n", ":2", "a second document"},
		"another second document":   {"approvers: []\n---\n[\n", ":", "not YAML"},
		"a list":                    {"- name: Anna\n", ":1:1: ", "the file must be a mapping with approvers, delegations"},
		"no approvers":              {"delegations: []\n", ":1:1: ", "approvers is missing"},
		"approvers are a mapping":   {"approvers: {name: Anna}\n", ":1:12: ", "approvers must be a list"},
		"an unknown key":            {"approvers:\n  - name: Anna\n    login: [a]\n", ":3:5: ", `did you mean "logins"?`},
		"a key twice":               {"approvers:\n  - name: Anna\n    name: Bob\n", ":3:5: ", `"name" is given twice, first in line 2`},
		"an anchor":                 {"approvers: [&a {name: Anna}, *a]\n", ":1:", "anchors, aliases and tags"},
		"no name":                   {"approvers: [{logins: [a]}]\n", ":1:13: ", "has no name"},
		"an empty name":             {"approvers: [{name: ''}]\n", ":1:20: ", "an approver's name must have 1 to 64 characters"},
		"a long name":               {"approvers: [{name: " + strings.Repeat("ä", 65) + "}]\n", ":1:20: ", "it has 65"},
		"a name with a space":       {"approvers: [{name: ' Anna'}]\n", ":1:20: ", "must not begin or end with a space"},
		"a name with a zero width":  {`approvers: [{name: "An\u200Bna"}]` + "\n", ":1:20: ", "printable"},
		"a name that is a list":     {"approvers: [{name: [Anna]}]\n", ":1:20: ", "an approver's name must be a text"},
		"a name twice":              {"approvers:\n- name: Anna\n- name: anna\n", ":3:9: ", "is already in line 2"},
		"a name that looks alike":   {"approvers:\n- name: Kim\n- name: \u212Aim\n", ":3:9: ", "is already in line 2"},
		"a login of two people":     {"approvers:\n- {name: Anna, logins: [a@x]}\n- {name: Bob, logins: [b@x, A@X]}\n", ":3:", "this login is already in line 2"},
		"logins that are a text":    {"approvers: [{name: Anna, logins: a@x}]\n", ":1:34: ", "logins must be a list"},
		"an empty login":            {"approvers: [{name: Anna, logins: ['']}]\n", ":1:35: ", "a login must have"},
		"a group that is null":      {"approvers: [{name: Anna, groups: [~]}]\n", ":1:35: ", "a group must be a text"},
		"a token that is a text":    {"approvers: [{name: Anna, tokens: [cca_x]}]\n", ":1:35: ", "a token must be a mapping with sha256, added"},
		"a token without a digest":  {"approvers: [{name: Anna, tokens: [{added: 2026-01-01}]}]\n", ":1:35: ", "the token has no sha256"},
		"a token in place of one":   {"approvers: [{name: Anna, tokens: [{sha256: cca_abc}]}]\n", ":1:44: ", "64 hexadecimal digits: the digest of a token, never the token"},
		"a short digest":            {"approvers: [{name: Anna, tokens: [{sha256: " + digest("a")[2:] + "}]}]\n", ":1:44: ", "64 hexadecimal digits"},
		"a token of two people": {"approvers:\n- {name: A, tokens: [{sha256: " + digest("a") + "}]}\n- {name: B, tokens: [{sha256: " + digest("A") + "}]}\n",
			":3:", "this token is already in line 2"},
		"a day that is none":       {"approvers: [{name: Anna, tokens: [{sha256: " + digest("a") + ", added: 31.1.2026}]}]\n", ":1:", "added must be a date"},
		"a subject of two people":  {"approvers: [{name: A, oidc: x}, {name: B, oidc: x}]\n", ":1:49: ", "this subject is already in line 1"},
		"submitsReports: no":       {"approvers: [{name: A, submitsReports: no}]\n", ":1:39: ", "submitsReports must be true or false"},
		"a time zone that is none": {people + "timezone: Berlin\n", ":2:11: ", "a name such as Europe/Berlin"},
		"the machine's time zone":  {people + "timezone: Local\n", ":2:11: ", "a name such as Europe/Berlin"},
		"a delegation of a shape":  {people + "delegations: [Anna]\n", ":2:15: ", "a delegation must be a mapping"},
		"a delegation without end": {people + "delegations: [{from: Anna, to: Bob}]\n", ":2:15: ", `has no "until"`},
		"a delegation to a stranger": {people + "delegations: [{from: Anna, to: Kim, until: 2026-12-24}]\n", ":2:32: ",
			`there is no approver called "Kim"`},
		"a delegation to oneself":   {people + "delegations: [{from: Anna, to: Anna, until: 2026-12-24}]\n", ":2:32: ", "must be to somebody else"},
		"a delegation back in time": {people + "delegations: [{from: Anna, to: Bob, since: 2026-12-24, until: 2026-12-23}]\n", ":2:", "ends before it begins"},
		"a moment that is none":     {people + "delegations: [{from: Anna, to: Bob, until: tomorrow}]\n", ":2:", "until must be a date"},
		"a moment that is a list":   {people + "delegations: [{from: Anna, to: Bob, since: [2026-12-24], until: 2026-12-24}]\n", ":2:", "since must be a date"},
		"UTF-16":                    {"\xff\xfea\x00", ": ", "it is in UTF-16: save it as UTF-8"},
		"an endless file":           {strings.Repeat("# x\n", 300_000), "", "is larger than"},
		"too many logins":           {"approvers: [{name: A, logins: [" + strings.Repeat("x, ", 101) + "]}]\n", ":1:31: ", "at most 100"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, c.text)
			_, err := approvers.Load(path)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, path+c.at)
			require.NotContains(t, strings.ToLower(err.Error()), digest("a"))
		})
	}
	_, err := approvers.Load(filepath.Join(t.TempDir(), "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = approvers.Load(t.TempDir())
	require.ErrorContains(t, err, "is not a file")
}

func TestEveryMistakeIsNamed(t *testing.T) {
	t.Parallel()
	_, err := approvers.Parse("f", []byte("approvers:\n  - {name: Anna, color: red}\n  - {groups: [x]}\n  - {name: Bob, oidc: ''}\n"))
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 3)
	for i, line := range lines {
		require.Contains(t, line, []string{"f:2:", "f:3:", "f:4:"}[i])
	}
	var first *approvers.Problem
	require.ErrorAs(t, err, &first)
	require.Equal(t, 2, first.Line)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("approvers: [{name: Anna, logins: [a], tokens: [{sha256: " + digest("a") + "}]}]\ndelegations: [{from: A, to: B, until: 2026-12-24}]"))
	f.Add([]byte("timezone: x\napprovers: []"))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := approvers.Parse("f", text)
		require.True(t, (a == nil) != (err == nil))
		if err != nil {
			return
		}
		for _, d := range a.Delegations {
			require.NotNil(t, a.Named(d.From))
			require.NotNil(t, a.Named(d.To))
			require.NotEqual(t, d.From, d.To)
		}
	})
}
