package approver

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"

	"concur-connector/approvals/approvers"
	"concur-connector/internal/config"
)

// Command returns the command family.
func Command() *cobra.Command {
	return cli.Group("approver", "Look after the approvers' file: people, tokens, delegations",
		`Looks after the approvers' file (CONCUR_APPROVERS): who may decide reports and travel
requests. The ingress and the worker take a change at once; nothing need be restarted. The
file may also be edited by hand. These commands keep its comments, but not its empty lines.`,
		`  concurctl approver add "Anna Müller" --login anna.mueller@example.com --group finance
  concurctl approver list`,
		addCommand(), delegateCommand(), listCommand(), revokeCommand(), sealKeyCommand())
}

// fileFlag is the flag that names the approvers' file.
func fileFlag(cmd *cobra.Command, file *string) *cobra.Command {
	cmd.Flags().StringVar(file, "file", "", "path of the approvers' file in place of CONCUR_APPROVERS")
	return cmd
}

// pathOf returns the path of the approvers' file.
func pathOf(file string) (string, error) {
	if file != "" {
		return file, nil
	}
	cfg, _, err := config.LoadIngress()
	if err := cli.ConfigError(err, "CONCUR_APPROVERS"); err != nil {
		return "", err
	}
	if cfg.Approvers == "" {
		return "", errors.New("CONCUR_APPROVERS is required: path of the approvers' file; or name it as --file")
	}
	return cfg.Approvers, nil
}

func addCommand() *cobra.Command {
	var file, subject string
	var logins, groups []string
	var noToken, submitsReports bool
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add an approver and print a new token once",
		Long: `Adds a person to the approvers' file and prints a new token for them. For a person who is
in the file, it adds the logins and groups that are new, and another token, so that a token
can be changed without a gap. If there is no file, it begins one.

The token is the only text on the standard output. Only its digest is stored, so that it
cannot be printed again.

Give every Concur login and e-mail address of the person. The connector compares them with
the owner of a report, because nobody decides about their own report. A person without any
login may decide nothing, unless they submit no reports at all (--submits-reports=false).`,
		Example: `  concurctl approver add "Anna Müller" --login anna.mueller@example.com --login AM4711 --group finance
  concurctl approver add Kim --login kim@example.com --oidc-subject 248289761001 --no-token
  concurctl approver add "Kim"    # another token for Kim`,
		Args: cli.ExactArgs(1, "the NAME of the approver"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := pathOf(file)
			if err != nil {
				return err
			}
			if err := approvers.CheckName(args[0]); err != nil {
				return err
			}
			a := approvers.Addition{Name: args[0], Logins: logins, Groups: groups, Subject: subject, Today: time.Now().UTC()}
			if cmd.Flags().Changed("submits-reports") {
				a.SubmitsReports = &submitsReports
			}
			result := added{Name: a.Name}
			if !noToken {
				token, digest := approvers.NewToken()
				a.Token, result.Token, result.SHA256 = &digest, token, digest.String()
			}
			if result.New, err = approvers.Add(path, a); err != nil {
				return err
			}
			return result.show(cmd, path)
		},
	}
	cmd.Flags().StringArrayVar(&logins, "login", nil, "Concur login or e-mail address of the person; may be given several times")
	cmd.Flags().StringArrayVar(&groups, "group", nil, "group of the person; may be given several times")
	cmd.Flags().StringVar(&subject, "oidc-subject", "", "subject of the person at the OpenID provider")
	cmd.Flags().BoolVar(&noToken, "no-token", false, "make no token: the person signs in through the OpenID provider or the proxy")
	cmd.Flags().BoolVar(&submitsReports, "submits-reports", true, "if false, the person owns no report or request in Concur, and may also decide when the owner is unknown")
	return fileFlag(cmd, &file)
}

// added is what `approver add` has done.
type added struct {
	Name   string `json:"name"`
	New    bool   `json:"new"`
	Token  string `json:"token,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
}

// show keeps the standard output to the token, which is copied.
func (a added) show(cmd *cobra.Command, path string) error {
	errs := cmd.ErrOrStderr()
	if a.New {
		fmt.Fprintf(errs, "%s is an approver.\n", a.Name)
	} else {
		fmt.Fprintf(errs, "%s was an approver already and has what is new.\n", a.Name)
	}
	if a.Token != "" {
		fmt.Fprintln(errs, "The token is for this person alone. It is not stored and not shown again.")
	}
	if now, err := approvers.Load(path); err == nil {
		if p := now.Named(a.Name); p != nil && len(p.Logins) == 0 && p.SubmitsReports {
			fmt.Fprintln(errs, "Warning: the file has no login of this person, so that nobody can tell which reports are theirs. They may decide nothing until you add one with --login.")
		}
	}
	return cli.Show(cmd, a, func(w io.Writer) {
		if a.Token != "" {
			fmt.Fprintln(w, a.Token)
		}
	})
}

func revokeCommand() *cobra.Command {
	var file, token string
	cmd := &cobra.Command{
		Use:   "revoke NAME",
		Short: "Remove an approver, or one of their tokens",
		Long: `Removes a person from the approvers' file, with their tokens and with every delegation from
and to them. With --token it removes one token only: the one whose digest begins with these
digits, as concurctl approver list shows them. The change works at the next request.

What the person has decided before stays. A person who has a group from the OpenID provider
or the proxy must lose it there, too.`,
		Example: `  concurctl approver revoke "Anna Müller"
  concurctl approver revoke "Anna Müller" --token 9f86d081`,
		Args: cli.ExactArgs(1, "the NAME of the approver"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := pathOf(file)
			if err != nil {
				return err
			}
			said := fmt.Sprintf("%s is no approver any more.", args[0])
			if cmd.Flags().Changed("token") {
				said = fmt.Sprintf("The token %s of %s is revoked.", token, args[0])
				err = approvers.RevokeToken(path, args[0], token)
			} else {
				err = approvers.Revoke(path, args[0])
			}
			if err != nil {
				return err
			}
			return cli.Show(cmd, map[string]string{"name": args[0], "token": token}, func(w io.Writer) { fmt.Fprintln(w, said) })
		},
	}
	cmd.Flags().StringVar(&token, "token", "", "first digits of the digest of the token to revoke")
	return fileFlag(cmd, &file)
}

func delegateCommand() *cobra.Command {
	var file, from, to, since, until string
	var end bool
	cmd := &cobra.Command{
		Use:   "delegate",
		Short: "Let another approver decide for one, for a period",
		Long: `Lets the approver --to decide what the approver --from may decide by the file, until the
period ends. The record of a decision then has both names. A delegation cannot be passed on,
and it covers neither reports of the one nor of the other.

A date means the whole day in the time zone of the file (UTC if the file names none). With
--end it removes every delegation from the one to the other.`,
		Example: `  concurctl approver delegate --from "Anna Müller" --to Bob --since 2026-12-21 --until 2027-01-03
  concurctl approver delegate --from "Anna Müller" --to Bob --end`,
		Args: cli.ExactArgs(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case from == "" || to == "":
				return errors.New("name both approvers: --from, who delegates, and --to, who decides")
			case end && (since != "" || until != ""):
				return errors.New("--end takes neither --since nor --until")
			case !end && until == "":
				return errors.New("say when the delegation ends: --until with a date such as 2026-12-24")
			}
			path, err := pathOf(file)
			if err != nil {
				return err
			}
			if end {
				if err := approvers.EndDelegation(path, from, to); err != nil {
					return err
				}
				return cli.Show(cmd, map[string]string{"from": from, "to": to}, func(w io.Writer) {
					fmt.Fprintf(w, "%s no longer decides for %s.\n", to, from)
				})
			}
			if since, err = checkPeriod(since, until, time.Now()); err != nil {
				return err
			}
			if err := approvers.Delegate(path, from, to, since, until); err != nil {
				return err
			}
			return cli.Show(cmd, map[string]string{"from": from, "to": to, "since": since, "until": until}, func(w io.Writer) {
				fmt.Fprintf(w, "%s decides for %s from %s until %s.\n", to, from, since, until)
			})
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "name of the approver who delegates")
	cmd.Flags().StringVar(&to, "to", "", "name of the approver who decides for them")
	cmd.Flags().StringVar(&since, "since", "", "first day, such as 2026-12-21, or a time such as 2026-12-21T18:00:00Z; at once if not given")
	cmd.Flags().StringVar(&until, "until", "", "last day, or a time")
	cmd.Flags().BoolVar(&end, "end", false, "end the delegation now")
	return fileFlag(cmd, &file)
}

// checkPeriod checks the period of a delegation, and returns when it begins.
func checkPeriod(since, until string, now time.Time) (string, error) {
	// A day is later or earlier in other zones, so only a day that has passed everywhere is refused.
	west := time.FixedZone("", -12*60*60)
	switch last, err := approvers.ParseMoment(until, west, 1); {
	case err != nil:
		return "", fmt.Errorf("--until %q is neither a date such as 2026-12-24 nor a time such as 2026-12-24T18:00:00Z", until)
	case last.Before(now):
		return "", fmt.Errorf("--until %s has passed", until)
	}
	if since == "" {
		return now.UTC().Format(time.RFC3339), nil
	}
	if _, err := approvers.ParseMoment(since, west, 0); err != nil {
		return "", fmt.Errorf("--since %q is neither a date such as 2026-12-24 nor a time such as 2026-12-24T18:00:00Z", since)
	}
	return since, nil
}

func sealKeyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "seal-key",
		Short: "Make a key with which the ingress seals decisions",
		Long: `Prints a new key of 256 random bits. Write it into the file that CONCUR_SEAL_KEYS_FILE
names, for the ingress, which seals decisions, and for the worker, which verifies the seals.

To change the key, add the new key as a second line in both places, then make it the first
line, and remove the old key three days later. Both programs read the file when it changes.`,
		Example: `  (umask 077; concurctl approver seal-key > seal-keys)`,
		Args:    cli.ExactArgs(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			key := approvers.NewSealKey()
			return cli.Show(cmd, map[string]string{"key": key}, func(w io.Writer) { fmt.Fprintln(w, key) })
		},
	}
}

func joined(all []string) string { return strings.Join(all, ", ") }
