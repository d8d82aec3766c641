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

// maxRequestToken is the largest request token that is read, in bytes.
const maxRequestToken = 4 << 10

// tokenVariables are the worker's variables for reaching Concur and keeping its tokens.
var tokenVariables = []string{
	"CONCUR_GEOLOCATION", "CONCUR_CLIENT_ID", "CONCUR_CLIENT_SECRET", "CONCUR_CLIENT_SECRET_2", "CONCUR_TRUSTED_HOSTS", "CONCUR_CA",
	"CONCUR_REQUEST_TIMEOUT", "CONCUR_TOKEN_FILE", "CONCUR_TOKEN_WARNING", "CONCUR_AUTH_SCHEME",
}

func Command() *cobra.Command {
	return cli.Group("token", "Manage the tokens for Concur",
		`Manages the token store (CONCUR_TOKEN_FILE), the file in which the worker keeps its tokens
for Concur. Run these commands as the worker's user, because only the owner may read the
file. No command prints a token. You need not stop a worker: it uses the new tokens by
itself. If Concur refuses with a code, docs/errors.md says what it means.`,
		`  concurctl token init --company 0b7c3a52-9d1e-4f6a-8b2c-5e4d3c2b1a09 < request-token
  concurctl token status`,
		tokenInitCommand(), tokenRefreshCommand(), tokenRevokeCommand(), tokenStatusCommand())
}

func tokenInitCommand() *cobra.Command {
	var company, at string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Create the token store with a company's request token",
		Long: `Creates the token store with a company's request token, or replaces tokens that have
ended. A company administrator gets the request token in Concur (Administration, Company,
Authentication Admin, Company Request Token). It is valid for 24 hours. The command reads
it from the standard input, or from CONCUR_REQUEST_TOKEN_FILE. It is not an argument,
because everybody on this machine could see it there.

The command asks Concur at CONCUR_GEOLOCATION, unless --at names another host of Concur.
Concur's pages name https://glz.api.concursolutions.com for new applications. Concur
answers with the company's geolocation, and the token store keeps it.`,
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
	cmd.Flags().StringVar(&at, "at", "", "base URL to use instead of CONCUR_GEOLOCATION")
	return cmd
}

func tokenStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show when the tokens end and what they allow",
		Long: `Shows how old the stored tokens are, when they end, their scopes, and the company's
geolocation. The command does not ask Concur.

A refresh token ends six months after it was issued. If Concur has not said when that is,
the end is unknown. The command then shows the latest possible date: six months after the
token was first seen. The token may be older and end earlier.

The exit status is 1 when a person must renew the refresh token: when it ends within
CONCUR_TOKEN_WARNING (30 days) at the latest.`,
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
		Long: `Gets new tokens from Concur with the stored refresh token, even if the present ones are
still valid, and writes them to the store. The worker does this by itself, daily and
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
store. Every token of the connection ends, wherever it is kept. The worker can do nothing
more until somebody runs concurctl token init with a new request token.`,
		Example: `  concurctl token revoke --yes`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !yes {
				return errors.New("the connector would lose its access to Concur: say --yes if you mean it")
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
	cmd.Flags().BoolVar(&yes, "yes", false, "revoke without asking")
	return cmd
}

// withToken calls work with a client that uses the token store.
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

// tokenOptions reads the options of a client with a token store. The client's warnings go to
// the standard error.
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
		return "", errors.New("the text on the standard input is too long for a request token")
	default:
		return token, nil
	}
}
