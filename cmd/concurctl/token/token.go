package token

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"

	"concur-connector/concur"
	"concur-connector/internal/config"
	"concur-connector/internal/textfile"
)

// maxRequestToken bounds what is read of a request token, in bytes.
const maxRequestToken = 4 << 10

// tokenVariables are the worker's variables that say how Concur is reached and where
// the tokens are kept.
var tokenVariables = []string{
	"CONCUR_GEOLOCATION", "CONCUR_CLIENT_ID", "CONCUR_CLIENT_SECRET", "CONCUR_CLIENT_SECRET_2", "CONCUR_TRUSTED_HOSTS", "CONCUR_CA",
	"CONCUR_REQUEST_TIMEOUT", "CONCUR_TOKEN_FILE", "CONCUR_TOKEN_WARNING", "CONCUR_AUTH_SCHEME",
}

func Command() *cobra.Command {
	return cli.Group("token", "Manage the tokens for Concur",
		`Looks after the token store (CONCUR_TOKEN_FILE), in which the worker keeps its access to
Concur. Run it as the worker's user: the file is for its owner alone. A token is never
printed. A worker need not be stopped: it takes what the store holds.`,
		`  concurctl token init --company 0b7c3a52-9d1e-4f6a-8b2c-5e4d3c2b1a09 < request-token
  concurctl token status`,
		tokenInitCommand(), tokenRefreshCommand(), tokenRevokeCommand(), tokenStatusCommand())
}

func tokenInitCommand() *cobra.Command {
	var company, at string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Create the token store with a company's request token",
		Long: `Begins the token store with a company's request token, or replaces tokens that have
ended. An administrator of the company gets the request token in Concur (Administration,
Company, Authentication Admin, Company Request Token); it is good for 24 hours. It is
read from the standard input, or from CONCUR_REQUEST_TOKEN_FILE; an argument would be
seen by everybody on this machine.

Concur is asked at CONCUR_GEOLOCATION, unless --at names another of its hosts; its pages
name https://glz.api.concursolutions.com for new applications. Where the company lives is
in the answer, and kept with the tokens.`,
		Example: `  concurctl token init --company 0b7c3a52-9d1e-4f6a-8b2c-5e4d3c2b1a09 < request-token
  CONCUR_REQUEST_TOKEN_FILE=/run/secrets/request-token concurctl token init --company 0b7c3a52-9d1e-4f6a-8b2c-5e4d3c2b1a09`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if company == "" {
				return errors.New("give the company's UUID as --company")
			}
			options, cfg, err := tokenOptions(cmd)
			if err != nil {
				return err
			}
			if at != "" {
				options.Geolocation = at
			}
			requestToken, err := readRequestToken(cmd.InOrStdin())
			if err != nil {
				return err
			}
			status, err := concur.InitToken(cmd.Context(), options, company, requestToken)
			if err != nil {
				return err
			}
			return showToken(cmd, status, cfg)
		},
	}
	cmd.Flags().StringVar(&company, "company", "", "UUID of the company, as Concur shows it beside the request token")
	cmd.Flags().StringVar(&at, "at", "", "base URL to ask in place of CONCUR_GEOLOCATION")
	return cmd
}

func tokenStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show when the tokens end and what they allow",
		Long: `Says how old the tokens of the store are, when they end, what they allow (scopes) and
where the company lives. Concur is not asked. A refresh token ends six months after it was
issued. As long as Concur has not said when that is, the end is unknown, and the latest date is
shown: six months after the token was first seen. It may be older and end earlier. The exit
status is 1 when a person has to renew: the refresh token ends, at the latest, within
CONCUR_TOKEN_WARNING (30 days).`,
		Example: `  concurctl token status
  concurctl token status -o json | jq .refreshEndsBy`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options, cfg, err := tokenOptions(cmd)
			if err != nil {
				return err
			}
			status, err := concur.ReadTokenStore(options)
			if err != nil {
				return err
			}
			if err := showToken(cmd, status, cfg); err != nil {
				return err
			}
			if view := viewOf(status, cfg, time.Now()); view.RenewalDue {
				when := "on"
				if status.RefreshExpiresAt.IsZero() {
					when = "at an unknown time, at the latest on"
				}
				return fmt.Errorf("the refresh token ends %s %s: renew it with concurctl token init", when, view.RefreshEndsBy.UTC().Format(time.DateOnly))
			}
			return nil
		},
	}
}

func tokenRefreshCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "refresh",
		Short: "Renew the tokens now",
		Long: `Obtains new tokens from Concur with the refresh token of the store, however good the
present ones are, and writes them to the store. The worker does so by itself, daily and
whenever a token ends.`,
		Example: `  concurctl token refresh`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withToken(cmd, func(ctx context.Context, client *concur.Client, cfg config.Worker) error {
				status, err := client.ReplaceTokens(ctx)
				if err != nil {
					return err
				}
				return showToken(cmd, status, cfg)
			})
		},
	}
}

func tokenRevokeCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "revoke",
		Short: "End the connection with the company in Concur, for good",
		Long: `Ends the connection of the application with the company in Concur and removes the token
store. Every token of the connection ends, those in other places too; the worker can do
nothing more until there is a new request token and concurctl token init.`,
		Example: `  concurctl token revoke --yes`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !yes {
				return errors.New("the connector would lose its access to Concur: say --yes if that is meant")
			}
			return withToken(cmd, func(ctx context.Context, client *concur.Client, _ config.Worker) error {
				if err := client.Revoke(ctx); err != nil {
					return err
				}
				return cli.Show(cmd, map[string]bool{"revoked": true}, func(w io.Writer) {
					fmt.Fprintln(w, "The connection is revoked and the token store removed.")
				})
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "revoke, and do not ask")
	return cmd
}

// withToken makes the client on the token store for one piece of work.
func withToken(cmd *cobra.Command, work func(context.Context, *concur.Client, config.Worker) error) error {
	options, cfg, err := tokenOptions(cmd)
	if err != nil {
		return err
	}
	client, err := concur.New(options)
	if err != nil {
		return err
	}
	defer client.Close()
	return work(cmd.Context(), client, cfg)
}

// tokenOptions reads the variables of a client that has a token store. What the client
// has to warn of goes to the standard error.
func tokenOptions(cmd *cobra.Command) (concur.Options, config.Worker, error) {
	cfg, _, err := config.LoadWorker()
	if err := cli.ConfigError(err, tokenVariables...); err != nil {
		return concur.Options{}, cfg, err
	}
	if cfg.TokenFile == "" {
		return concur.Options{}, cfg, errors.New("CONCUR_TOKEN_FILE is required: path of the token store")
	}
	options, err := cli.ConcurOptions(cmd.ErrOrStderr(), cfg)
	return options, cfg, err
}

// readRequestToken reads the token from its variable, or else from the input.
func readRequestToken(in io.Reader) (string, error) {
	cfg, err := config.LoadConcurctl()
	if err != nil {
		return "", err
	}
	if token := cfg.RequestToken.Reveal(); token != "" {
		return token, nil
	}
	text, err := io.ReadAll(io.LimitReader(in, maxRequestToken+1))
	if err == nil {
		text, err = textfile.Trim(text)
	}
	switch token := strings.TrimSpace(string(text)); {
	case err != nil:
		return "", fmt.Errorf("read the request token from the standard input: %w", err)
	case token == "":
		return "", errors.New("the request token is missing: give it on the standard input, or in CONCUR_REQUEST_TOKEN_FILE")
	case len(text) > maxRequestToken:
		return "", errors.New("what the standard input holds is too long for a request token")
	default:
		return token, nil
	}
}
