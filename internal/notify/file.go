package notify

import (
	"errors"
	"fmt"
	"io"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a container has no time zones of its own

	"go.yaml.in/yaml/v4"

	"concur-connector/internal/spelling"
	"concur-connector/internal/textfile"
	"concur-connector/internal/webhook"
)

const (
	apiVersion = "concur-connector/v1"
	maxFile    = 1 << 20 // bytes
	maxName    = 100     // characters of a name in the file
	maxFields  = 20
)

// The types of channels.
const (
	typeWebhook = "webhook"
	typeSlack   = "slack"
	typeTeams   = "teams"
	typeSMTP    = "smtp"
)

// config is what the configuration file says.
type config struct {
	zone      *time.Location
	fields    []string
	digest    bool
	digestAt  string // HH:MM
	channels  map[string]*channel
	groups    map[string][]*channel
	others    []*channel // for groups that the file does not name
	people    map[string]preference
	templates *templates
}

// preference is what the file says about one person.
type preference struct{ language, address string }

// channel is a way to tell people.
type channel struct {
	name     string
	kind     string
	language string
	each     bool // every reminder is a message, although there are digests

	url    *url.URL       // of webhook, slack and teams
	signer webhook.Signer // of webhook

	// Of smtp:
	host, username, password string
	from                     *mail.Address
	to                       []*mail.Address // empty means the members of the group
}

// reader reads the configuration file.
type reader struct {
	source
	folder  string // relative paths begin there
	hosts   webhook.Hosts
	members bool // there are approvers to ask for the members of a group
	c       *config
}

// read reads the configuration file and the files that it names. The error contains every mistake
// with its line and column, and no secret.
func read(o Options, hosts webhook.Hosts) (*config, error) {
	data, err := readFile(o.Path)
	if err != nil {
		return nil, fmt.Errorf("read the notification settings: %w", err)
	}
	r := &reader{source: source{name: o.Path}, folder: filepath.Dir(o.Path), hosts: hosts, members: o.Members != nil,
		c: &config{zone: time.UTC, channels: map[string]*channel{}, groups: map[string][]*channel{}, people: map[string]preference{}}}
	if root := r.document(data); root != nil {
		r.content(root)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return r.c, nil
}

func (r *reader) content(root *yaml.Node) {
	top := r.mapping(root, "the file", "apiVersion", "language", "timezone", "templates", "fields", "digest", "channels", "groups", "default", "people")
	if n := top["apiVersion"]; n == nil {
		r.fail(root, "apiVersion is missing; it must be %s", apiVersion)
	} else if r.text(n, "apiVersion") != apiVersion {
		r.fail(n, "apiVersion must be %s", apiVersion)
	}
	language := r.oneOf(top["language"], "language", languages...)
	if n := top["timezone"]; n != nil {
		zone, err := time.LoadLocation(r.text(n, "timezone"))
		if err != nil || n.Value == "Local" {
			r.fail(n, "timezone must be a name such as Europe/Berlin")
		} else {
			r.c.zone = zone
		}
	}
	r.fields(top["fields"])
	if n := top["digest"]; n != nil {
		r.c.digest, r.c.digestAt = true, r.text(n, "digest")
		if at, err := time.Parse("15:04", r.c.digestAt); err != nil || at.Format("15:04") != r.c.digestAt {
			r.fail(n, "digest must be a time of day in quotes, such as \"08:00\"")
		}
	}
	if top["channels"] == nil {
		r.fail(root, "channels is missing; it names at least one channel")
	}
	names := r.entries(top["channels"], "channels")
	for _, e := range names {
		if c := r.channel(e, language); c != nil {
			r.c.channels[e.key.Value] = c
		}
	}
	if top["groups"] == nil && top["default"] == nil {
		r.fail(root, "groups and default are missing: no group has a channel")
	}
	for _, e := range r.entries(top["groups"], "groups") {
		r.c.groups[e.key.Value] = r.named(e.value, "the group "+e.key.Value, names)
	}
	r.c.others = r.named(top["default"], "default", names)
	for _, e := range r.entries(top["people"], "people") {
		values := r.mapping(e.value, "a person", "language", "email")
		p := preference{language: r.oneOf(values["language"], "language", languages...)}
		if n := values["email"]; n != nil {
			if a := r.address(n, "email"); a != nil {
				p.address = a.Address
			}
		}
		if values["language"] == nil {
			p.language = ""
		}
		r.c.people[e.key.Value] = p
	}
	r.templates(top["templates"], root)
}

func (r *reader) fields(n *yaml.Node) {
	for _, one := range r.texts(n, "fields") {
		switch {
		case len(r.c.fields) == maxFields:
			r.fail(one, "there are more than %d fields", maxFields)
			return
		case slices.Contains(r.c.fields, one.Value):
			r.fail(one, "the field %q is given twice", clean(one.Value, maxName))
		case !strings.HasPrefix(one.Value, "report.") && !strings.HasPrefix(one.Value, "request."):
			r.fail(one, "the field %q must be one of the report or of the travel request, such as report.name", clean(one.Value, maxName))
		default:
			r.c.fields = append(r.c.fields, one.Value)
		}
	}
}

// named returns the channels that a list names.
func (r *reader) named(n *yaml.Node, what string, declared []entry) (all []*channel) {
	var known []string
	for _, e := range declared {
		known = append(known, e.key.Value)
	}
	for _, one := range r.texts(n, what) {
		switch c := r.c.channels[one.Value]; {
		case !slices.Contains(known, one.Value):
			r.fail(one, "%s names the channel %q, which is not in channels%s", what, clean(one.Value, maxName), spelling.Among(one.Value, known))
		case slices.Contains(all, c):
			r.fail(one, "%s names the channel %q twice", what, one.Value)
		case c != nil:
			all = append(all, c)
		}
	}
	return all
}

// keysOf are the keys of a channel of each type, beside those that every channel has.
var keysOf = map[string][]string{
	typeWebhook: {"url", "urlFile", "secretFile"},
	typeSlack:   {"urlFile"},
	typeTeams:   {"urlFile"},
	typeSMTP:    {"host", "from", "to", "username", "passwordFile"},
}

func (r *reader) channel(e entry, language string) *channel {
	what := "the channel " + e.key.Value
	kinds := []string{typeWebhook, typeSlack, typeTeams, typeSMTP}
	known := []string{"type", "language", "reminders"}
	kind := ""
	if e.value.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(e.value.Content); i += 2 {
			if e.value.Content[i].Value == "type" {
				kind = e.value.Content[i+1].Value
			}
		}
	}
	if !slices.Contains(kinds, kind) {
		r.fail(e.value, "%s needs a type: %s", what, strings.Join(kinds, ", "))
		return nil
	}
	if kind == typeSlack || kind == typeTeams {
		for _, pair := range r.pairs(e.value) {
			if pair.key.Value == "url" {
				r.fail(pair.key, "the address of %s is a secret: write it into a file and name the file with urlFile", what)
				return nil
			}
		}
	}
	values := r.mapping(e.value, what, append(known, keysOf[kind]...)...)
	c := &channel{name: e.key.Value, kind: kind, language: language}
	if values["language"] != nil {
		c.language = r.oneOf(values["language"], "language", languages...)
	}
	c.each = r.oneOf(values["reminders"], "reminders", "digest", "each") == "each"
	if values["reminders"] != nil && !r.c.digest {
		r.fail(values["reminders"], "reminders needs digest at the top of the file, which says when the digest is sent")
	}
	if kind == typeSMTP {
		r.smtp(c, values, e.key, what)
		return c
	}
	r.target(c, values, e.key, what)
	if kind == typeWebhook {
		r.secrets(c, values["secretFile"], e.key, what)
	}
	return c
}

func (r *reader) pairs(n *yaml.Node) (all []entry) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		all = append(all, entry{n.Content[i], n.Content[i+1]})
	}
	return all
}

// target reads the address that a channel calls. Only a webhook may give it in the file itself.
func (r *reader) target(c *channel, values map[string]*yaml.Node, at *yaml.Node, what string) {
	n, address := values["url"], r.text(values["url"], "url")
	if file := values["urlFile"]; file != nil {
		if n != nil {
			r.fail(file, "%s has url and urlFile: give one of them", what)
			return
		}
		lines, ok := r.secretLines(file, "urlFile")
		if !ok {
			return
		}
		if len(lines) != 1 {
			r.fail(file, "the file of urlFile must contain one line, the address")
			return
		}
		n, address = file, lines[0]
	}
	switch {
	case n == nil && c.kind == typeWebhook:
		r.fail(at, "%s needs url, or urlFile if the address is a secret", what)
	case n == nil:
		r.fail(at, "%s needs urlFile: the path of a file with the address, which is a secret", what)
	case address != "":
		u, err := r.hosts.Parse(address)
		if err != nil {
			r.fail(n, "%s cannot be called: %v", what, err)
			return
		}
		c.url = u
	}
}

// secrets reads the secrets that sign the messages of a webhook, one on each line.
func (r *reader) secrets(c *channel, n, at *yaml.Node, what string) {
	if n == nil {
		r.fail(at, "%s needs secretFile: the path of a file with the secret that signs its messages", what)
		return
	}
	lines, ok := r.secretLines(n, "secretFile")
	if !ok {
		return
	}
	signer, err := webhook.NewSigner(lines)
	if err != nil {
		r.fail(n, "the secret of %s cannot be used: %s", what, strings.ReplaceAll(err.Error(), "\n", "; "))
		return
	}
	c.signer = signer
}

func (r *reader) smtp(c *channel, values map[string]*yaml.Node, at *yaml.Node, what string) {
	if values["host"] == nil || values["from"] == nil {
		r.fail(at, "%s needs host and from", what)
		return
	}
	c.host = r.text(values["host"], "host")
	if !strings.Contains(strings.TrimSuffix(c.host, "]"), ":") {
		c.host += ":587"
	}
	if err := r.hosts.Check(c.host); err != nil && c.host != "" {
		r.fail(values["host"], "%s cannot be used: %v", what, err)
	}
	c.from = r.address(values["from"], "from")
	c.username = r.text(values["username"], "username")
	if n := values["passwordFile"]; n != nil {
		if lines, ok := r.secretLines(n, "passwordFile"); ok && len(lines) == 1 {
			c.password = lines[0]
		} else if ok {
			r.fail(n, "the file of passwordFile must contain one line, the password")
		}
	}
	if (values["username"] == nil) != (values["passwordFile"] == nil) {
		r.fail(at, "%s needs both username and passwordFile, or neither", what)
	}
	if values["to"] == nil && !r.members {
		r.fail(at, "%s writes to the members of a group, and there is no approvers' file (CONCUR_APPROVERS); give that file, or addresses with to", what)
	}
	for _, one := range r.texts(values["to"], "to") {
		if a := r.address(one, "to"); a != nil {
			c.to = append(c.to, a)
		}
	}
}

// address reads an e-mail address, with or without a name. The error does not repeat it.
func (r *reader) address(n *yaml.Node, what string) *mail.Address {
	text := r.text(n, what)
	if text == "" {
		return nil
	}
	a, err := mail.ParseAddress(text)
	if err != nil {
		r.fail(n, "%s must be an e-mail address, or Name <address>", what)
		return nil
	}
	return a
}

// secretLines reads the lines of a file that contains a secret.
func (r *reader) secretLines(n *yaml.Node, what string) ([]string, bool) {
	path := r.text(n, what)
	if path == "" {
		return nil, false
	}
	data, err := readFile(r.path(path))
	if err != nil {
		r.fail(n, "%s cannot be read: %v", what, err)
		return nil, false
	}
	var lines []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		r.fail(n, "%s cannot be used: %s is empty", what, r.path(path))
		return nil, false
	}
	return lines, true
}

func (r *reader) path(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(r.folder, path)
}

func (r *reader) templates(n, root *yaml.Node) {
	folder := ""
	if n != nil {
		folder = r.path(r.text(n, "templates"))
	} else {
		n = root
	}
	t, err := loadTemplates(folder)
	if err != nil {
		r.fail(n, "the templates cannot be used:\n%v", err)
		return
	}
	r.c.templates = t
}

// readFile reads a text file of at most maxFile bytes.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || info.IsDir() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxFile:
		return nil, errors.New(path + " is larger than 1 MiB")
	}
	data, err = textfile.Trim(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}
