package policy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/policy"
	"concur-connector/policy/rulesfile"
)

// folder writes files and returns where the rules are. A name that ends with a slash is a
// folder.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		if strings.HasSuffix(name, "/") {
			require.NoError(t, os.MkdirAll(path, 0o700))
			continue
		}
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	return filepath.Join(dir, "rules.yaml")
}

// listed are rules with one list, cc, and one rule on each entry.
func listed(list, expression string) string {
	return "apiVersion: concur-connector/v1\nlists:\n  cc: " + list + "\nrules:\n" +
		"  - {name: one, level: entry, expression: " + quoted(expression) + ", message: Hm., then: {sendBack: true}}\n"
}

func ofVendor(vendor string) *expense.Report {
	r := entries("TAXI")
	r.Entries[0].Vendor = vendor
	return r
}

func TestAListIsReadByItsKey(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		list, file, expression string
		holds                  bool
	}{
		"a key that is there":     {"{file: a.csv}", "code,owner\nC1,Ada\nC2,Bob\n", `lists.cc["C2"].owner == "Bob"`, true},
		"asking for a key":        {"{file: a.csv}", "code,owner\nC1,Ada\n", `!("C2" in lists.cc) && "C1" in lists.cc`, true},
		"a key of the report":     {"{file: a.csv}", "code\nAcme\n", `entry.vendor in lists.cc`, true},
		"a named key":             {"{file: a.csv, key: code}", "owner,code\nAda,C1\n", `lists.cc["C1"].owner == "Ada"`, true},
		"a key of several":        {"{file: a.csv, key: [country, city]}", "country,city,rate\nDE,Berlin,24\n", `lists.cc["DE/Berlin"].rate == "24"`, true},
		"an amount":               {"{file: a.csv, columns: {budget: money}}", "code,budget\nC1,75.50 USD\n", `lists.cc["C1"].budget > money("75.49", "USD")`, true},
		"a whole number":          {"{file: a.csv, columns: {n: int}}", "code,n\nC1,-3\n", `lists.cc["C1"].n == -3`, true},
		"a truth":                 {"{file: a.csv, columns: {open: bool}}", "code,open\nC1,Yes\nC2,false\n", `lists.cc["C1"].open && !lists.cc["C2"].open`, true},
		"a date":                  {"{file: a.csv, columns: {until: date}}", "code,until\nC1,2026-05-01\n", `lists.cc["C1"].until < date("2026-05-02")`, true},
		"an empty cell":           {"{file: a.csv, columns: {until: date}}", "code,until\nC1,\n", `!has(lists.cc["C1"].until)`, true},
		"a byte order mark":       {"{file: a.csv}", "\ufeffcode,owner\r\nC1,Ada\r\n", `lists.cc["C1"].owner == "Ada"`, true},
		"quotes":                  {"{file: a.csv}", "code,owner\n\"C,1\",\"Ada \"\"L\"\"\nand Bob\"\n", `lists.cc["C,1"].owner == "Ada \"L\"\nand Bob"`, true},
		"white space":             {"{file: a.csv}", " code , owner\n C1 ,  Ada \n", `lists.cc["C1"].owner == "Ada"`, true},
		"empty rows":              {"{file: a.csv}", "code,owner\nC1,Ada\n,\n\n , \n", `size(lists.cc) == 1`, true},
		"no rows":                 {"{file: a.csv}", "code,owner", `!has(lists.cc) && size(lists.cc) == 0`, true},
		"a file in a folder":      {"{file: sub/a.csv}", "code\nC1\n", `"C1" in lists.cc`, true},
		"going through all of it": {"{file: a.csv}", "code,owner\nC1,Ada\nC2,Bob\n", `lists.cc.exists(k, lists.cc[k].owner == "Bob")`, true},
		"rows that are the same":  {"{file: a.csv}", "code,owner\nC1,Ada\nC2,Ada\n", `lists.cc["C1"] == lists.cc["C1"] && lists.cc["C1"] != lists.cc["C2"]`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := strings.TrimSuffix(strings.SplitN(strings.TrimPrefix(c.list, "{file: "), ",", 2)[0], "}")
			p, err := policy.Load(folder(t, map[string]string{"rules.yaml": listed(c.list, c.expression), file: c.file}))
			require.NoError(t, err)
			v := p.VerdictOn(ofVendor("Acme"))
			require.Empty(t, v.Findings)
			require.Equal(t, expense.Approve, v.Action)
			require.NotContains(t, fmt.Sprint(p.Warnings()), "no rule uses")
		})
	}
}

func TestAMissingRowOfAListFails(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`lists.cc[entry.vendor].owner == ""`:    "it asks a map for a key that is absent; ask with \"in\" before reading it",
		`lists.cc["C1"].until > entry.date`:     "a row of lists.cc.until is absent; ask with has() before reading it",
		`lists.cc["C1"].budget == entry.posted`: "a row of lists.cc.budget is absent; ask with has() before reading it",
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			p, err := policy.Load(folder(t, map[string]string{
				"rules.yaml": listed("{file: a.csv, columns: {until: date, budget: money}}", expression),
				"a.csv":      "code,owner,until,budget\nC1,Ada,,\n",
			}))
			require.NoError(t, err)
			v := p.VerdictOn(ofVendor("Xyzzy"))
			require.Equal(t, expense.Ask, v.Action)
			require.Equal(t, "could not be evaluated: "+want, v.Findings[0].Message)
		})
	}
}

func TestAMistakeInAListIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ list, file, want string }{
		"an empty file":        {"{file: a.csv}", "", "a.csv: the file is empty; its first line names the columns"},
		"semicolons":           {"{file: a.csv}", "code;owner\nC1;Ada\n", "a.csv:1:1: the columns of a list are separated by commas"},
		"no names of columns":  {"{file: a.csv}", "cost centre,owner\n", `a.csv:1:1: the column "cost centre" cannot be named in a rule: a letter`},
		"a column twice":       {"{file: a.csv}", "code,code\n", `a.csv:1:6: the column "code" is there twice`},
		"a key twice":          {"{file: a.csv}", "code,owner\nC1,Ada\nC2,Bob\nC1,Cid\n", `a.csv:4:1: the key of this row, code, is that of a row above; the key of a list is unique`},
		"a key that is empty":  {"{file: a.csv, key: [code, owner]}", "code,owner,n\n,,3\n", `a.csv:2:1: the key is empty: code, owner`},
		"a cell too many":      {"{file: a.csv}", "code,owner\nC1,Ada\nC2,Bob, Jr.\n", "a.csv:3:1: the row has more or fewer cells than the first line has columns"},
		"an open quote":        {"{file: a.csv}", "code,owner\n\"C1,Ada\n", "a.csv:2:9: not CSV: extraneous or missing \" in quoted-field"},
		"a bare quote":         {"{file: a.csv}", "code,owner\nC1,A\"da\n", `a.csv:2:5: not CSV: bare " in non-quoted-field`},
		"no amount":            {"{file: a.csv, columns: {n: money}}", "code,n\nC1,1 USD\nC2,75\n", `a.csv:3:4: n of cc must be an amount such as "75.00 USD"`},
		"a float":              {"{file: a.csv, columns: {n: int}}", "code,n\nC1,1.5\n", `a.csv:2:4: n of cc must be a whole number`},
		"no truth":             {"{file: a.csv, columns: {n: bool}}", "code,n\nC1,maybe\n", `a.csv:2:4: n of cc must be true or false`},
		"no date":              {"{file: a.csv, columns: {n: date}}", "code,n\nC1,1.5.2026\n", `a.csv:2:4: n of cc must be a date such as "2026-05-01"`},
		"another kind":         {"{file: a.csv, columns: {n: float}}", "code,n\n", `rules.yaml:3:34: unknown kind of value "float"; the kinds are string, bool, int, decimal, money, date`},
		"a list in a cell":     {"{file: a.csv, columns: {n: strings}}", "code,n\n", `rules.yaml:3:34: unknown kind of value "strings"`},
		"a column that is not": {"{file: a.csv, columns: {ownr: int}}", "code,owner\n", `rules.yaml:3:37: the list cc has no column "ownr"; did you mean "owner"?`},
		"a key that is not":    {"{file: a.csv, key: cod}", "code,owner\n", `rules.yaml:3:26: the list cc has no column "cod"; did you mean "code"?`},
		"Latin-1":              {"{file: a.csv}", "code,owner\nC1,Ada\nC2,J\xf6rg\n", "a.csv:3: the file is not UTF-8; save it as CSV UTF-8"},
		"a cell without end":   {"{file: a.csv}", "code,owner\nC1," + strings.Repeat("x", 1001) + "\n", "a.csv:2:4: owner of cc is longer than 1000 characters"},
		"no file":              {"{key: a}", "", "rules.yaml:3:7: the list cc has no file"},
		"an unknown key":       {"{file: a.csv, keys: a}", "", `rules.yaml:3:21: unknown key "keys" in the list cc; did you mean "key"?`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := folder(t, map[string]string{"rules.yaml": listed(c.list, "true"), "a.csv": c.file})
			_, err := policy.Load(path)
			require.ErrorContains(t, err, filepath.Join(filepath.Dir(path), c.want))
		})
	}
}

func TestAListMustLieBesideItsRules(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "secret.csv")
	require.NoError(t, os.WriteFile(outside, []byte("code\nSECRET\n"), 0o600))
	path := folder(t, map[string]string{"rules.yaml": "", "sub/a.csv": "code\nC1\n", "empty/": ""})
	require.NoError(t, os.Symlink(outside, filepath.Join(filepath.Dir(path), "link.csv")))
	require.NoError(t, os.Symlink("sub/a.csv", filepath.Join(filepath.Dir(path), "within.csv")))
	for file, want := range map[string]string{
		"../secret.csv": "its file must lie beside the rules file", "sub/../../secret.csv": "its file must lie beside the rules file",
		outside: "its file must lie beside the rules file", `sub\a.csv`: "its file must lie beside the rules file",
		".": "its file must lie beside the rules file", `""`: "its file must lie beside the rules file",
		"link.csv": "the list cc cannot be read: ", "missing.csv": "the list cc cannot be read: ", "empty": "the list cc cannot be read: ",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			own := filepath.Join(filepath.Dir(path), "rules-"+strings.Map(func(r rune) rune {
				if strings.ContainsRune(`/\."`, r) {
					return '_'
				}
				return r
			}, file)+".yaml")
			require.NoError(t, os.WriteFile(own, []byte(listed("{file: "+file+"}", "true")), 0o600))
			_, err := policy.Load(own)
			require.ErrorContains(t, err, own+":3:14: the list cc cannot be read: ")
			require.ErrorContains(t, err, want)
			require.NotContains(t, err.Error(), "SECRET")
		})
	}
	require.NoError(t, os.WriteFile(path, []byte(listed("{file: within.csv}", `"C1" in lists.cc`)), 0o600))
	_, err := policy.Load(path)
	require.NoError(t, err)
	_, err = policy.Parse("f", []byte(listed("{file: a.csv}", "true")))
	require.EqualError(t, err, "f:3:14: the list cc cannot be read: the rules were given without the folder that they are in")
}

func TestListsAreBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("code,filler\n")
	for i := range 8800 {
		fmt.Fprintf(&b, "%d,%s\n", i, strings.Repeat("x", 900))
	}
	many := b.String()
	load := func(rules string) error {
		_, err := policy.Load(folder(t, map[string]string{"rules.yaml": rules, "a.csv": many, "long.csv": many + many[12:]}))
		return err
	}
	require.ErrorContains(t, load(listed("{file: long.csv}", "true")), "the list cc cannot be read: it is larger than 8 MiB")
	five := "apiVersion: concur-connector/v1\nlists: {a: {file: a.csv}, b: {file: a.csv}, c: {file: a.csv}, d: {file: a.csv}, e: {file: a.csv}}\nrules: []\n"
	require.ErrorContains(t, load(five), ":2:81: the lists together are larger than 32 MiB")

	// Short cells take far more memory than their file.
	b.Reset()
	b.WriteString("code,a,b,c,d,e,f,g,h,i\n")
	for i := range 50_000 {
		fmt.Fprintf(&b, "%d,1,1,1,1,1,1,1,1,1\n", i)
	}
	many = b.String()
	var errs rulesfile.Errors
	require.ErrorAs(t, load(five), &errs)
	require.Len(t, errs, 1)
	require.ErrorContains(t, errs, ":2:63: the lists together have more than 2000000 cells, each row counted as one more")
}

func TestTheHashCoversTheLists(t *testing.T) {
	t.Parallel()
	hash := func(name, content string) string {
		p, err := policy.Load(folder(t, map[string]string{"rules.yaml": listed("{file: a.csv}", "true"), name: content}))
		require.NoError(t, err)
		require.Equal(t, []policy.List{{Name: "cc", File: "a.csv", Key: []string{"code"}, Columns: []string{"code"}, Rows: strings.Count(content, "\n") - 1}}, p.Lists())
		return p.Hash()
	}
	one := hash("a.csv", "code\nC1\n")
	require.Equal(t, one, hash("a.csv", "code\nC1\n"))
	require.NotEqual(t, one, hash("a.csv", "code\nC2\n"))
	require.NotEqual(t, one, hash("a.csv", "code\nC1\nC2\n"))
}

func TestAByteOrderMarkIsIgnored(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	write("l.csv", "\uFEFFcode,limit\r\nMEALS,75\r\n")
	rules := "apiVersion: concur-connector/v1\r\nlists: {l: {file: l.csv, columns: {limit: int}}}\r\nrules:\r\n  - {name: a, level: report, expression: 'lists.l[\"MEALS\"].limit > 1', message: a, then: {sendBack: true}}\r\n"
	plain, err := policy.Load(write("rules.yaml", rules))
	require.NoError(t, err)
	marked, err := policy.Load(write("rules.yaml", "\uFEFF"+rules))
	require.NoError(t, err)
	require.Equal(t, plain.Version(), marked.Version())
	_, err = policy.Load(write("rules.yaml", "\xff\xfea\x00"))
	require.ErrorContains(t, err, "it is in UTF-16: save it as UTF-8")
	write("l.csv", "\xfe\xff\x00a")
	_, err = policy.Load(write("rules.yaml", rules))
	require.ErrorContains(t, err, "it is in UTF-16: save it as UTF-8")
}
