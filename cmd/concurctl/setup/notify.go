package setup

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"time"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"

	"concur-connector/expense"
	"concur-connector/internal/config"
)

// calloutVariables are the ingress's variables that hold the credential.
var calloutVariables = []string{"CONCUR_CALLOUT_USER", "CONCUR_CALLOUT_PASSWORD", "CONCUR_NOTIFY_PATH"}

func notifyCommand() *cobra.Command {
	var to, objectURI, eventType, ca string
	cmd := &cobra.Command{
		Use:   "notify",
		Short: "Send the public endpoint a callout, as Concur would",
		Long: `Sends the connector's public endpoint a callout for one object, with the user name and the
password of the ingress's configuration (CONCUR_CALLOUT_USER and CONCUR_CALLOUT_PASSWORD,
or their _FILE forms) and to its path (CONCUR_NOTIFY_PATH), and says what the answer
means. The exit status is 0 only when the notification is stored.

The URI is an address of a report by v1.1 or v4, or of a travel request by v4. This starts
a real run, or wakes the one that is open: the connector reads what the URI names and acts
on it if it waits for us.`,
		Example: `  concurctl notify --url https://connector.example.com \
    --object-uri 'https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nKEY$pX'`,
		Args: cli.ExactArgs(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := config.LoadIngress()
			if err := cli.ConfigError(err, calloutVariables...); err != nil {
				return err
			}
			roots, err := config.Roots(ca)
			if err != nil {
				return fmt.Errorf("--ca: %w", err)
			}
			d, err := cli.NewEndpoint(to, roots)
			if err != nil {
				return err
			}
			result, err := notify(cmd.Context(), d, cfg.NotifyPath, cli.Credential{User: cfg.CalloutUser.Reveal(), Password: cfg.CalloutPassword.Reveal()}, objectURI, eventType)
			if err != nil {
				return err
			}
			if err := cli.Show(cmd, result, result.print); err != nil {
				return err
			}
			if result.Status != http.StatusOK {
				return fmt.Errorf("the notification was not stored: HTTP %d", result.Status)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&to, "url", "", "base URL of the public endpoint: https://host or https://host:port")
	flags.StringVar(&objectURI, "object-uri", "", "URI of the object that the callout is about")
	flags.StringVar(&eventType, "event-type", "Report Entered Expense Report Workflow Step - SUBMIT", "text of the EventType")
	flags.StringVar(&ca, "ca", "", "file of PEM certificates to trust besides the system's")
	return cmd
}

// notified is what the endpoint answered.
type notified struct {
	NotificationID string `json:"notificationId"`
	Status         int    `json:"status"`
	Meaning        string `json:"meaning"`
	Answer         string `json:"answer,omitempty"` // the endpoint's own words
	Milliseconds   int64  `json:"milliseconds"`
}

func (n notified) print(w io.Writer) {
	fmt.Fprintf(w, "%s\nHTTP %d in %d ms: %s\n", cli.Plain(n.NotificationID), n.Status, n.Milliseconds, n.Meaning)
	if n.Answer != "" {
		fmt.Fprintf(w, "the endpoint says: %s\n", n.Answer)
	}
}

func notify(ctx context.Context, d *cli.Endpoint, path string, c cli.Credential, objectURI, eventType string) (notified, error) {
	kind, key, err := expense.Identify(objectURI)
	if err != nil {
		return notified{}, fmt.Errorf("--object-uri cannot be used: %w", err)
	}
	n := expense.Notification{
		Kind: kind, Key: key, ObjectURI: objectURI, ObjectType: string(kind),
		EventType: eventType, EventDateTime: time.Now().UTC().Format(time.DateOnly),
	}
	a, err := d.Ask(ctx, http.MethodPost, path, c.User, c.Password, callout(n))
	if err != nil {
		return notified{}, err
	}
	return notified{
		NotificationID: n.ID(), Status: a.Status, Meaning: meaning(a.Status), Answer: a.Text, Milliseconds: a.Took.Milliseconds(),
	}, nil
}

// callout writes the document that Concur sends.
//
// Source: https://developer.concur.com/api-reference/callouts/post-event-notification.html
func callout(n expense.Notification) string {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\n<Notification>")
	for _, element := range []struct{ name, text string }{
		{"EventType", n.EventType}, {"ObjectType", n.ObjectType}, {"ObjectURI", n.ObjectURI}, {"EventDateTime", n.EventDateTime},
	} {
		b.WriteString("<" + element.name + ">")
		_ = xml.EscapeText(&b, []byte(element.text)) // a Buffer refuses nothing
		b.WriteString("</" + element.name + ">")
	}
	b.WriteString("<Context/></Notification>")
	return b.String()
}

// meaning explains an answer to a callout.
func meaning(status int) string {
	switch {
	case status == http.StatusOK:
		return "stored; Temporal starts a run or signals the open one"
	case status == http.StatusBadRequest:
		return "the endpoint cannot read the notification"
	case status == http.StatusUnauthorized:
		return "the endpoint has another user name or password"
	case status == http.StatusNotFound:
		return "nothing is at this path; compare CONCUR_NOTIFY_PATH with the one registered in Concur"
	case status == http.StatusMethodNotAllowed:
		return "something answers that is not the connector's endpoint"
	case status == http.StatusRequestEntityTooLarge:
		return "the notification is larger than the endpoint reads"
	case status == http.StatusServiceUnavailable:
		return "not stored, since Temporal cannot be reached; Concur would keep it in its failed list"
	case status >= 300 && status < 400:
		return "a redirect, which Concur does not follow; give the final URL"
	case status >= 500:
		return "something between here and the endpoint failed; Concur would keep the notification in its failed list"
	}
	return "not an answer of the connector's endpoint"
}
