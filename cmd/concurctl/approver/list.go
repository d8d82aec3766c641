package approver

import (
	"fmt"
	"io"
	"time"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"

	"concur-connector/approvals/approvers"
)

// listed is the answer of `approver list`.
type listed struct {
	Approvers   []listedPerson     `json:"approvers"`
	Delegations []listedDelegation `json:"delegations"`
}

type listedPerson struct {
	Name           string        `json:"name"`
	Logins         []string      `json:"logins"`
	Groups         []string      `json:"groups"`
	Tokens         []listedToken `json:"tokens"`
	Subject        string        `json:"oidc,omitempty"`
	SubmitsReports bool          `json:"submitsReports"`
}

type listedToken struct {
	SHA256 string `json:"sha256"`
	Added  string `json:"added,omitempty"`
}

type listedDelegation struct {
	From  string     `json:"from"`
	To    string     `json:"to"`
	Since *time.Time `json:"since,omitempty"`
	Until time.Time  `json:"until"`
	State string     `json:"state"`
}

// The states of a delegation.
const (
	notYet  = "not yet"
	inForce = "in force"
	expired = "expired"
)

func listCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the approvers and the delegations",
		Long: `Lists the people of the approvers' file with their logins, groups and tokens, and the
delegations, those that have expired included. A token is shown by the first eight digits of
its digest and the day on which it was added.`,
		Example: `  concurctl approver list
  concurctl approver list -o json | jq '.approvers[] | select(.logins == [])'`,
		Args: cli.ExactArgs(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := pathOf(file)
			if err != nil {
				return err
			}
			a, err := approvers.Load(path)
			if err != nil {
				return err
			}
			l := list(a, time.Now())
			return cli.Show(cmd, l, l.print)
		},
	}
	return fileFlag(cmd, &file)
}

func list(a *approvers.Approvers, now time.Time) listed {
	l := listed{Approvers: []listedPerson{}, Delegations: []listedDelegation{}}
	for _, p := range a.People {
		one := listedPerson{
			Name: p.Name, Logins: append([]string{}, p.Logins...), Groups: append([]string{}, p.Groups...), Tokens: []listedToken{},
			Subject: p.Subject, SubmitsReports: p.SubmitsReports,
		}
		for _, t := range p.Tokens {
			token := listedToken{SHA256: t.SHA256.String()}
			if !t.Added.IsZero() {
				token.Added = t.Added.Format(time.DateOnly)
			}
			one.Tokens = append(one.Tokens, token)
		}
		l.Approvers = append(l.Approvers, one)
	}
	for _, d := range a.Delegations {
		one := listedDelegation{From: d.From, To: d.To, Until: d.Until, State: inForce}
		if !d.Since.IsZero() {
			one.Since = &d.Since
		}
		switch {
		case now.Before(d.Since):
			one.State = notYet
		case !d.InForce(now):
			one.State = expired
		}
		l.Delegations = append(l.Delegations, one)
	}
	return l
}

func (l listed) print(w io.Writer) {
	if len(l.Approvers) == 0 {
		fmt.Fprintln(w, "There are no approvers. Add one with concurctl approver add.")
		return
	}
	var rows [][]string
	for _, p := range l.Approvers {
		var tokens, notes []string
		for _, t := range p.Tokens {
			text := t.SHA256[:8]
			if t.Added != "" {
				text += " of " + t.Added
			}
			tokens = append(tokens, text)
		}
		if p.Subject != "" {
			notes = append(notes, "signs in by OpenID Connect")
		}
		switch {
		case !p.SubmitsReports:
			notes = append(notes, "submits no reports")
		case len(p.Logins) == 0:
			notes = append(notes, "may decide nothing without a login")
		}
		rows = append(rows, []string{p.Name, joined(p.Logins), joined(p.Groups), joined(tokens), joined(notes)})
	}
	cli.Table(w, []string{"NAME", "LOGINS", "GROUPS", "TOKENS", "NOTES"}, rows)
	if len(l.Delegations) == 0 {
		return
	}
	rows = nil
	for _, d := range l.Delegations {
		since := ""
		if d.Since != nil {
			since = cli.FormatTime(*d.Since)
		}
		rows = append(rows, []string{d.From, d.To, since, cli.FormatTime(d.Until), d.State})
	}
	fmt.Fprintln(w)
	cli.Table(w, []string{"FROM", "TO", "SINCE", "UNTIL", "STATE"}, rows)
}
