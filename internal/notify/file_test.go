package notify_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAMistakeInTheFileIsNamedWithItsPlace(t *testing.T) {
	t.Parallel()
	const mail = "channels:\n  mail: {type: smtp, host: mail.example.com, from: a@example.com, to: b@example.com}\ndefault: mail\n"
	for config, says := range map[string]string{
		"channels: {}\n":                              "groups and default are missing",
		"default: x\n":                                "channels is missing",
		mail + "colour: red\n":                        `:5:1: unknown key "colour"`,
		mail + "language: fr\n":                       `:5:11: language cannot be "fr"`,
		mail + "timezone: Mars\n":                     ":5:11: timezone must be",
		mail + "digest: 8\n":                          ":5:9: digest must be a time",
		mail + "digest: '25:00'\n":                    "digest must be a time",
		mail + "fields: [report.name, report.name]\n": `:5:23: the field "report.name" is given twice`,
		mail + "fields: [entry.vendor]\n":             "must be one of the report",
		mail + "fields: [report." + strings.Repeat("a,report.b", 30):                                                                           "not YAML",
		mail + "groups: {finance: [mial]}\n":                                                                                                   `:5:20: the group finance names the channel "mial"`,
		mail + "groups: {finance: [mail, mail]}\n":                                                                                             "twice",
		mail + "people: {Anna: {language: xx}}\n":                                                                                              "language cannot be",
		mail + "people: {Anna: {email: anna}}\n":                                                                                               "email must be an e-mail address",
		mail + "people: [Anna]\n":                                                                                                              "people must be a mapping",
		mail + "templates: nowhere\n":                                                                                                          "nowhere",
		"channels:\n  a: {url: 'https://x'}\ndefault: a\n":                                                                                     ":3:6: the channel a needs a type",
		"channels:\n  a: {type: fax}\ndefault: a\n":                                                                                            "needs a type",
		"channels:\n  a: 3\ndefault: a\n":                                                                                                      "needs a type",
		"channels:\n  a: {type: slack, url: 'https://s3cret'}\n":                                                                               "is a secret: write it into a file",
		"channels:\n  a: {type: teams}\ndefault: a\n":                                                                                          ":3:3: the channel a needs urlFile",
		"channels:\n  a: {type: teams, urlFile: nowhere}\ndefault: a\n":                                                                        "urlFile cannot be read",
		"channels:\n  a: {type: teams, urlFile: empty}\ndefault: a\n":                                                                          "is empty",
		"channels:\n  a: {type: teams, urlFile: two}\ndefault: a\n":                                                                            "must contain one line",
		"channels:\n  a: {type: slack, urlFile: foreign}\ndefault: a\n":                                                                        "evil.example.com is not an allowed host (CONCUR_MESSAGE_HOSTS)",
		"channels:\n  a: {type: slack, urlFile: plain}\ndefault: a\n":                                                                          "does not begin with https://",
		"channels:\n  a: {type: slack, urlFile: '.'}\ndefault: a\n":                                                                            "is not a file",
		"channels:\n  a: {type: webhook, secretFile: two}\ndefault: a\n":                                                                       "needs url",
		"channels:\n  a: {type: webhook, url: 'https://mail.example.com'}\ndefault: a\n":                                                       "needs secretFile",
		"channels:\n  a: {type: webhook, url: 'https://mail.example.com', secretFile: two}\ndefault: a\n":                                      "secret 1 must be whsec_",
		"channels:\n  a: {type: webhook, url: 'https://mail.example.com', urlFile: two, secretFile: two}\ndefault: a\n":                        "give one of them",
		"channels:\n  a: {type: smtp, host: mail.example.com}\ndefault: a\n":                                                                   "needs host and from",
		"channels:\n  a: {type: smtp, host: 'evil.example.com:587', from: a@example.com, to: b@example.com}\ndefault: a\n":                     ":3:25: the channel a cannot be used: the host evil.example.com:587",
		"channels:\n  a: {type: smtp, host: mail.example.com, from: a@example.com}\ndefault: a\n":                                              "there is no approvers' file (CONCUR_APPROVERS)",
		"channels:\n  a: {type: smtp, host: mail.example.com, from: nobody, to: b@example.com}\ndefault: a\n":                                  "from must be an e-mail address",
		"channels:\n  a: {type: smtp, host: mail.example.com, from: \"a@example.com\\nBcc: c@example.com\", to: b@example.com}\ndefault: a\n":  "from must be an e-mail address",
		"channels:\n  a: {type: smtp, host: mail.example.com, from: a@example.com, to: b@example.com, username: x}\ndefault: a\n":              "both username and passwordFile",
		"channels:\n  a: {type: smtp, host: mail.example.com, from: a@example.com, to: b@example.com, reminders: each}\ndefault: a\n":          "reminders needs digest",
		"channels:\n  a: {type: smtp, host: mail.example.com, from: a@example.com, to: b@example.com, urlFile: two}\ndefault: a\n":             `unknown key "urlFile"`,
		"channels:\n  a: {type: smtp, host: mail.example.com, from: a@example.com, to: b@example.com}\n  a: {type: slack}\ndefault: a\n":       `:4:3: "a" is given twice`,
		"channels:\n  \"a\\nb\": {type: smtp, host: mail.example.com, from: a@example.com, to: b@example.com}\ndefault: x\n":                   "printable characters",
		"channels: &a\n  a: {type: smtp, host: mail.example.com, from: a@example.com, to: b@example.com}\ndefault: *a\n":                       "anchors",
		"channels:\n  a: {type: smtp, host: mail.example.com, from: a@example.com, to: b@example.com}\ndefault: a\napiVersion: concur/v0\n":    "given twice",
		"channels:\n  a: {type: smtp, host: mail.example.com, from: a@example.com, to: b@example.com}\ndefault: a\n---\nchannels: {}\n":        "a second document",
		"channels:\n  a: {type: smtp, host: mail.example.com, from: a@example.com, to: [b@example.com, c]}\ndefault: a\nlanguage: [en]\n":      "to must be an e-mail address",
		"channels:\n  a: {type: smtp, host: mail.example.com, from: a@example.com, to: b@example.com, passwordFile: two}\ndefault: a\n":        "must contain one line, the password",
		"channels:\n  a: {type: smtp, host: mail.example.com, from: a@example.com, to: b@example.com, language: Deutsch}\ndefault: a\n":        "language cannot be",
		"channels:\n  a: {type: smtp, host: mail.example.com, from: a@example.com, to: b@example.com}\ngroups:\n  finance: {channel: a}\n":     "must be text",
		"channels:\n  a: {type: smtp, host: mail.example.com, from: a@example.com, to: b@example.com}\ndefault: a\ntemplates: two\n":           "the templates cannot be used",
		"channels:\n  a: {type: smtp, host: mail.example.com, from: a@example.com, to: b@example.com}\ndefault: a\npeople: {Anna: {fax: 1}}\n": `unknown key "fax" in a person`,
	} {
		f := newFolder(t)
		f.hosts = []string{"mail.example.com:587", "mail.example.com"}
		f.write(t, "empty", "\n")
		f.write(t, "two", "one-s3cret\ntwo-s3cret\n")
		f.write(t, "foreign", "https://evil.example.com/s3cret")
		f.write(t, "plain", "http://mail.example.com/s3cret")
		_, err := f.open(config, nil)
		require.ErrorContains(t, err, says, config)
		require.NotContains(t, err.Error(), "s3cret", config)
		require.Contains(t, err.Error(), "notify.yaml:")
	}
}

func TestAllMistakesOfAFileAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := newFolder(t).open("language: fr\ntimezone: Mars\nchannels:\n  a: {type: slack}\ndefault: b\n", nil)
	require.Error(t, err)
	require.Len(t, strings.Split(err.Error(), "\n"), 4)
}

func TestAFileThatIsMissingOrInUTF16IsRefused(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	_, err := f.open("", nil)
	require.ErrorContains(t, err, "channels is missing")
	f.write(t, "secret", "\xff\xfea\x00")
	_, err = f.open("channels:\n  a: {type: slack, urlFile: secret}\ndefault: a\n", nil)
	require.ErrorContains(t, err, "UTF-16")
}

func TestABrokenTemplateIsNamedWithItsFileAndLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, text, says string }{
		"an action that does not end":      {"message.en.txt", "{{define \"subject\"}}x{{end}}\n\n{{define \"text\"}}{{if .Name}}", "message.en.txt:3: unexpected EOF"},
		"a name that does not exist":       {"message.de.txt", "{{define \"subject\"}}\n{{.Employee}}{{end}}", "message.de.txt:2:2: executing"},
		"a name in a digest's line":        {"digest.en.txt", `{{define "line"}}{{.Nme}}{{end}}`, "digest.en.txt:1:"},
		"a name in the HTML part":          {"mail.html", "<p>\n{{.Nme}}</p>", "mail.html:2:"},
		"HTML that cannot be made safe":    {"mail.html", "<script>{{if .Name}}'{{end}}</script>", "mail.html"},
		"a file of another name":           {"mesage.en.txt", "x", `did you mean "message.en.txt"`},
		"a language that there is not":     {"message.fr.txt", "x", "no message of this name"},
		"a file without a block":           {"message.en.txt", "Hello {{.Name}}", "defines none of the blocks"},
		"a subject that is empty":          {"message.en.txt", `{{define "subject"}} {{end}}`, `the block "subject"`},
		"a message that is too large":      {"message.en.txt", `{{define "text"}}{{range $i := 100000}}{{$i}} {{end}}{{end}}`, "larger than 64 KiB"},
		"a template that calls itself":     {"message.en.txt", `{{define "text"}}{{template "text" .}}{{end}}`, "message.en.txt"},
		"a function that does not exist":   {"message.en.txt", `{{define "text"}}{{env "HOME"}}{{end}}`, `function "env" not defined`},
		"a block that refers to a missing": {"message.en.txt", `{{define "text"}}{{template "nowhere"}}{{end}}`, `"nowhere"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t)
			f.write(t, "templates/"+c.file, c.text)
			f.write(t, "templates/README.md", "notes")
			f.write(t, "templates/.message.en.txt.swp", "x")
			_, err := f.open(mailed(t, f, "templates: templates\n"), groups{})
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "notify.yaml:5:")
		})
	}
}

func TestATemplateReplacesOnlyTheBlocksThatItDefines(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	server := newMailServer(t, f, true)
	f.write(t, "password", "pass word")
	f.write(t, "templates/message.en.txt", `{{define "subject"}}ACME: {{.News}}{{end}}`)
	n := f.notifier(t, mails(server, "    to: a@example.com\n")+"templates: templates\n", nil)
	require.NoError(t, sends(t, n, news()))
	h, parts := parse(t, server.got()[0].data)
	require.Equal(t, "ACME: opened", h.Get("Subject"))
	require.Contains(t, parts["text/plain"], "Open the task:")
}
