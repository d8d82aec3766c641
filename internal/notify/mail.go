package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"

	"concur-connector/expense"
)

// sendMail sends a message by SMTP, over a connection of its own. The connection is encrypted by
// STARTTLS before anything about the message is sent; a server that does not offer STARTTLS, or
// whose certificate is not trusted, gets nothing.
func (n *Notifier) sendMail(ctx context.Context, m Message) *Error {
	ch := m.to.channel
	fail := func(kind expense.Kind, says string) *Error {
		return &Error{Channel: ch.name, Kind: kind, Message: says, ChannelDown: true}
	}
	msg, err := mailOf(m)
	if err != nil {
		failure := fail(expense.Rejected, "the recipient's address, or the sender's, cannot be used in a mail")
		failure.ChannelDown = false
		return failure
	}
	host, portText, err := net.SplitHostPort(ch.host)
	port, _ := strconv.Atoi(portText)
	if err != nil {
		return fail(expense.Rejected, "the mail server's address cannot be read")
	}
	// The library leaves a connection open when the server refuses to begin, and does not end one
	// with the context.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(dialing, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	}
	options := []mail.Option{
		mail.WithPort(port), mail.WithTimeout(n.options.Timeout), mail.WithTLSPolicy(mail.TLSMandatory), mail.WithoutNoop(),
		mail.WithTLSConfig(&tls.Config{ServerName: strings.Trim(host, "[]"), RootCAs: n.options.RootCAs, MinVersion: tls.VersionTLS12}),
		mail.WithDialContextFunc(dial),
	}
	if ch.username != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(ch.username), mail.WithPassword(ch.password))
	}
	client, err := mail.NewClient(host, options...)
	if err != nil {
		return fail(expense.Rejected, "the settings of the mail server cannot be used")
	}
	err = client.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() { // after the server has accepted a mail, only the goodbye can fail
		return nil
	}
	return mailFailure(ch, host, err, ctx.Err() != nil)
}

// mailOf builds the mail. Its Message-ID is the same whenever the message is sent again.
func mailOf(m Message) (*mail.Msg, error) {
	ch := m.to.channel
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := msg.FromFormat(clean(ch.from.Name, maxName), ch.from.Address); err != nil {
		return nil, err
	}
	if err := msg.AddToFormat(clean(m.to.name, maxName), m.to.address); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(ch.from.Address, "@")
	msg.SetMessageIDWithValue(m.ID + "@" + domain)
	msg.SetDate()
	msg.Subject(m.text.subject)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // so that nobody's absence note answers
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetGenHeader("Content-Language", m.to.language)
	msg.SetBodyString(mail.TypeTextPlain, m.text.text+"\n")
	msg.AddAlternativeString(mail.TypeTextHTML, m.text.html)
	return msg, nil
}

// mailFailure explains why a mail was not sent. It quotes nothing of the server's reply, which may
// contain the recipient's address.
func mailFailure(ch *channel, host string, err error, late bool) *Error {
	e := &Error{Channel: ch.name, Kind: expense.Unavailable, ChannelDown: true}
	var reply *textproto.Error
	var atRecipient *mail.SendError
	errors.As(err, &reply)
	errors.As(err, &atRecipient)
	var untrusted *tls.CertificateVerificationError
	var unknown *net.DNSError
	var slow net.Error
	late = late || errors.As(err, &slow) && slow.Timeout()
	switch {
	case late && reply == nil:
		e.Message = host + " did not answer in time"
	case errors.As(err, &untrusted):
		e.Message = "the certificate of " + host + " is not trusted (" + caSetting + ")"
	case errors.As(err, &unknown):
		e.Message = "the name of the host " + host + " cannot be resolved"
	case atRecipient != nil && atRecipient.ErrorCode() != 0:
		e.Status = atRecipient.ErrorCode()
		e.ChannelDown = e.Status == 421
		what := "the message"
		if atRecipient.Reason == mail.ErrSMTPRcptTo {
			what = "the recipient"
		}
		e.Message = fmt.Sprintf("%s cannot take %s now", host, what)
		if e.Status >= 500 {
			e.Kind, e.Message = expense.Rejected, fmt.Sprintf("%s rejects %s", host, what)
		}
	case reply != nil:
		e.Status, e.Message = reply.Code, host+" cannot take messages now"
		if reply.Code >= 500 {
			e.Kind, e.Message = expense.Forbidden, host+" rejects the connector: check username and passwordFile"
		}
	case strings.Contains(err.Error(), "STARTTLS"): // the library has no value for this error
		e.Message = host + " does not offer STARTTLS, and nothing is sent unencrypted"
	default:
		e.Message = "cannot connect to " + host
	}
	return e
}
