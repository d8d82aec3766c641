package notify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"concur-connector/expense"
	"concur-connector/internal/webhook"
)

// The settings that errors name.
const (
	hostsSetting = "CONCUR_MESSAGE_HOSTS"
	caSetting    = "CONCUR_MESSAGE_CA"
)

const (
	defaultTimeout = 30 * time.Second
	maxTasks       = 50 // of a digest
)

// newsTest is the news of a test message.
const newsTest expense.TaskNews = "test"

// Person is a member of a group of approvers.
type Person struct {
	Name   string
	Logins []string // Concur logins and e-mail addresses; mails go to the first address among them
}

// Directory knows the members of the groups. A person who decides on behalf of a member is a
// member, too.
type Directory interface {
	Members(group string) []Person
}

// Options configure a [Notifier].
type Options struct {
	Path         string         // of the configuration file
	Hosts        []string       // allowed hosts of webhooks and mail servers, each host or host:port
	RootCAs      *x509.CertPool // nil means the system's certificates
	ApprovalsURL string         // of the approvals page; messages link to /tasks/ID below it
	Members      Directory      // nil: mails go to fixed addresses only
	Timeout      time.Duration  // of each message; 0 means 30 s
	Logger       *slog.Logger   // gets a line for each message; nil disables logging
}

// Notifier tells people about tasks. It is safe for concurrent use.
type Notifier struct {
	options Options
	hosts   webhook.Hosts
	base    *url.URL
	http    *http.Client
	log     *slog.Logger
}

// New returns a notifier. The error lists all problems of the options, of the configuration file
// and of the files that it names, with their lines and columns. New opens no connection.
func New(o Options) (*Notifier, error) {
	hosts, err := webhook.NewHosts(hostsSetting, o.Hosts)
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(o.ApprovalsURL)
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("CONCUR_APPROVALS_URL must be the address of the approvals page, such as https://approvals.example.com: messages link to it")
	}
	n := &Notifier{options: o, hosts: hosts.WithPlainLoopback(), base: base, http: webhook.NewClient(o.RootCAs), log: o.Logger}
	n.options.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	if _, err := n.read(); err != nil {
		return nil, err
	}
	return n, nil
}

// Close closes the idle connections.
func (n *Notifier) Close() { n.http.CloseIdleConnections() }

// read reads the configuration. It is read again for each piece of news, so that a change of a
// template, an address or a secret works at once.
func (n *Notifier) read() (*config, error) { return read(n.options, n.hosts) }

// Schedule says when the digest is sent: the minutes and hours of a time zone. ok is false if
// the configuration asks for no digest.
func (n *Notifier) Schedule() (hour, minute int, zone string, ok bool) {
	c, err := n.read()
	if err != nil || !c.digest {
		return 0, 0, "", false
	}
	at, err := time.Parse("15:04", c.digestAt)
	return at.Hour(), at.Minute(), c.zone.String(), err == nil
}

// Channels lists the names of the channels.
func (n *Notifier) Channels() ([]string, error) {
	c, err := n.read()
	if err != nil {
		return nil, err
	}
	var names []string
	for name := range c.channels {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// Message is one message to one person, or to one channel of several people.
type Message struct {
	// ID is the same whenever the same news is told to the same person by the same channel.
	// Receivers recognize a repeated message by it.
	ID      string
	Channel string

	news    expense.TaskNews
	to      recipient
	text    rendered
	data    Data
	payload []byte // of a webhook
	at      time.Time
}

// recipient is a person, or a channel of several people.
type recipient struct {
	channel  *channel
	name     string
	address  string // of a mail
	language string
	logins   []string
}

func (r recipient) key() string { return r.channel.name + "\x00" + strings.ToLower(r.address) }

// is reports whether a recipient is certainly the owner of a report.
func (r recipient) is(owner expense.Owner) bool {
	return owner.Login != "" && slices.ContainsFunc(r.logins, func(login string) bool { return strings.EqualFold(login, owner.Login) })
}

// Messages returns the messages that a piece of news needs: one for each person, and one for each
// channel of several people. A reminder needs none where a digest replaces it. The owner of the
// report is not told. The error says what is wrong with the configuration.
func (n *Notifier) Messages(in expense.NotifyApproversInput) ([]Message, error) {
	c, err := n.read()
	if err != nil {
		return nil, err
	}
	var all []Message
	for _, to := range n.recipients(c, in.Groups) {
		if in.News == expense.NewsReminder && c.digest && !to.channel.each || to.is(in.Owner) {
			continue
		}
		d := Data{
			News: string(in.News), Kind: kindOf(in.NotificationID), Language: to.language, Name: clean(to.name, maxName),
			Groups: cleanAll(in.Groups), Deadline: c.instant(in.Deadline, to.language), Why: clean(in.Why, maxWhy), Link: n.link(in.TaskID),
			Fields: c.shown(in.Fields, to.language),
		}
		m, err := n.message(c, "message", to, d, in.News, in.At, in.TaskID)
		if err != nil {
			return nil, err
		}
		if m.payload, err = newsPayload(c, in, d.Link); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// Digests returns one message for each person for whom tasks wait, and one for each channel of
// several people. at is when the digest was due. A channel that does not take digests gets none.
func (n *Notifier) Digests(at time.Time, tasks []expense.TaskSummary) ([]Message, error) {
	c, err := n.read()
	if err != nil || !c.digest {
		return nil, err
	}
	var order []recipient
	waiting := map[string][]expense.TaskSummary{}
	for _, task := range mostUrgentFirst(tasks) {
		for _, to := range n.recipients(c, task.Groups) {
			if to.channel.each || to.is(task.Owner) {
				continue
			}
			if waiting[to.key()] == nil {
				order = append(order, to)
			}
			waiting[to.key()] = append(waiting[to.key()], task)
		}
	}
	var all []Message
	for _, to := range order {
		theirs := waiting[to.key()]
		d := Data{News: "digest", Kind: "report", Language: to.language, Name: clean(to.name, maxName), Link: n.base.String(), Count: len(theirs)}
		for _, task := range theirs[:min(len(theirs), maxTasks)] {
			d.Tasks = append(d.Tasks, Line{
				Kind: kindOf(task.NotificationID), Groups: cleanAll(task.Groups), Deadline: c.instant(task.Deadline, to.language),
				Overdue: task.Overdue, Link: n.link(task.TaskID), Fields: c.shown(task.Fields, to.language),
			})
		}
		d.More = d.Count - len(d.Tasks)
		m, err := n.message(c, "digest", to, d, "digest", at, "")
		if err != nil {
			return nil, err
		}
		if m.payload, err = n.digestPayload(c, at, theirs); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// Test returns test messages by one channel. Those of a channel that writes to the members of
// groups go to the members of a group that names the channel.
func (n *Notifier) Test(name string, at time.Time) ([]Message, error) {
	c, err := n.read()
	if err != nil {
		return nil, err
	}
	if c.channels[name] == nil {
		return nil, fmt.Errorf("there is no channel %q", clean(name, maxName))
	}
	c.others = []*channel{c.channels[name]}
	groups := []string{""}
	for group, channels := range c.groups {
		if slices.Contains(channels, c.channels[name]) {
			groups = append(groups, group)
		}
	}
	slices.Sort(groups)
	var all []Message
	for _, to := range n.recipients(c, groups) {
		if to.channel.name != name {
			continue
		}
		d := Data{News: string(newsTest), Kind: "report", Language: to.language, Name: clean(to.name, maxName), Link: n.base.String()}
		m, err := n.message(c, "message", to, d, newsTest, at, "")
		if err != nil {
			return nil, err
		}
		if m.payload, err = newsPayload(c, expense.NotifyApproversInput{News: newsTest, At: at}, d.Link); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

func (n *Notifier) message(c *config, kind string, to recipient, d Data, news expense.TaskNews, at time.Time, task string) (Message, error) {
	text, err := c.templates.render(kind, d)
	if err != nil {
		return Message{}, fmt.Errorf("render a message: %w", err)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %d %q %q", task, news, at.UnixMilli(), to.channel.name, strings.ToLower(to.address)))
	return Message{ID: "ntf_" + hex.EncodeToString(sum[:16]), Channel: to.channel.name, news: news, to: to, text: text, data: d, at: at}, nil
}

// recipients returns who is told about a task of some groups, each once.
func (n *Notifier) recipients(c *config, groups []string) (all []recipient) {
	seen := map[string]bool{}
	add := func(to recipient) {
		if !seen[to.key()] {
			seen[to.key()] = true
			all = append(all, to)
		}
	}
	for _, group := range groups {
		channels, named := c.groups[group]
		if !named {
			channels = c.others
		}
		if len(channels) == 0 {
			n.log.Warn("a group has no channel, and nobody is told", "group", group)
		}
		for _, ch := range channels {
			switch {
			case ch.kind != typeSMTP:
				add(recipient{channel: ch, language: ch.language})
			case len(ch.to) > 0:
				for _, a := range ch.to {
					add(recipient{channel: ch, name: a.Name, address: a.Address, language: ch.language, logins: []string{a.Address}})
				}
			default:
				n.members(c, ch, group, add)
			}
		}
	}
	return all
}

// members adds the members of a group. Those without an address are counted in the log.
func (n *Notifier) members(c *config, ch *channel, group string, add func(recipient)) {
	people := n.options.Members.Members(group)
	unknown := 0
	for _, p := range people {
		own := c.people[p.Name]
		address := own.address
		if at := slices.IndexFunc(p.Logins, isAddress); address == "" && at >= 0 {
			address = p.Logins[at]
		}
		if address == "" {
			unknown++
			continue
		}
		add(recipient{channel: ch, name: p.Name, address: address, language: cmp.Or(own.language, ch.language), logins: append(slices.Clone(p.Logins), address)})
	}
	if len(people) == 0 || unknown > 0 {
		n.log.Warn("members of a group cannot be told by mail", "group", group, "channel", ch.name, "members", len(people), "withoutAddress", unknown)
	}
}

// isAddress reports whether a login is an e-mail address.
func isAddress(login string) bool {
	a, err := mail.ParseAddress(login)
	return err == nil && a.Address == login
}

// Send sends one message. The error is an [*Error].
func (n *Notifier) Send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, n.options.Timeout)
	defer cancel()
	begun := time.Now()
	var failure *Error
	if m.to.channel.kind == typeSMTP {
		failure = n.sendMail(ctx, m)
	} else {
		failure = n.post(ctx, m)
	}
	status, kind, level := 0, "", slog.LevelInfo
	if failure != nil {
		status, kind, level = failure.Status, string(failure.Kind), slog.LevelWarn
	}
	n.log.Log(ctx, level, "message to approvers", "channel", m.Channel, "type", m.to.channel.kind, "id", m.ID, "news", m.news,
		"status", status, "kind", kind, "took", time.Since(begun))
	if failure != nil {
		return failure
	}
	return nil
}

// link is the address of a task's page.
func (n *Notifier) link(task string) string {
	return n.base.JoinPath("tasks", url.PathEscape(task)).String()
}

// mostUrgentFirst sorts by deadline, then by age. Tasks without a deadline come last.
func mostUrgentFirst(tasks []expense.TaskSummary) []expense.TaskSummary {
	tasks = slices.Clone(tasks)
	slices.SortStableFunc(tasks, func(a, b expense.TaskSummary) int {
		if a.Deadline.IsZero() != b.Deadline.IsZero() {
			if a.Deadline.IsZero() {
				return 1
			}
			return -1
		}
		return cmp.Or(a.Deadline.Compare(b.Deadline), a.OpenedAt.Compare(b.OpenedAt))
	})
	return tasks
}

func kindOf(notificationID string) string {
	if strings.HasPrefix(notificationID, string(expense.RequestObject)+":") {
		return "request"
	}
	return "report"
}

func cleanAll(texts []string) (all []string) {
	for _, text := range texts {
		if text = clean(text, maxName); text != "" {
			all = append(all, text)
		}
	}
	return all
}
