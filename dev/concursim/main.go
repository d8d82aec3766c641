// Command concursim simulates a hostile SAP Concur for tests and experiments: OAuth tokens,
// expense reports, travel requests, exceptions, workflow actions, callouts and the list of
// failed notifications. It can inject faults, records every request in a journal, and
// checks the journal against invariants.
//
// It shares no code with the connector, so that both can disagree. Everything it makes up
// follows from -seed. docs/simulator.md lists the control calls, the faults and the
// invariants, and what the simulator does where Concur's documentation is silent.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "concursim:", err)
		stop()
		os.Exit(1)
	}
}

// run runs the simulator until ctx ends or, with -exit-with-stdin, standard input ends.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	opts, exitWithStdin, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	opts.log = slog.New(slog.NewTextHandler(stderr, nil))
	sim, err := start(opts)
	if err != nil {
		return err
	}
	defer sim.Close()

	ready, err := json.Marshal(sim.Ready())
	if err != nil {
		return fmt.Errorf("ready line: %w", err)
	}
	if _, err := fmt.Fprintf(stdout, "ready %s\n", ready); err != nil {
		return fmt.Errorf("ready line: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if exitWithStdin {
		go func() {
			io.Copy(io.Discard, stdin)
			cancel()
		}()
	}
	<-ctx.Done()
	return nil
}

func parseFlags(args []string, stderr io.Writer) (options, bool, error) {
	var opts options
	var exitWithStdin bool
	flags := flag.NewFlagSet("concursim", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&opts.api, "api", "127.0.0.1:8444", "address of the HTTPS API")
	flags.StringVar(&opts.api2, "api2", "127.0.0.1:0", "address of the HTTPS API of the second data centre, to which the company can move")
	flags.StringVar(&opts.control, "control", "127.0.0.1:8445", "address of the control API and page (plain HTTP)")
	flags.StringVar(&opts.plain, "plain", "127.0.0.1:0", "address for plain HTTP, where no token may ever arrive")
	flags.StringVar(&opts.tlsCert, "tls-cert", "", "certificate file of the API; if empty, a CA and a certificate are made")
	flags.StringVar(&opts.tlsKey, "tls-key", "", "key file of the API certificate")
	flags.StringVar(&opts.tlsDir, "tls-dir", "", "directory for ca.pem; if empty, a temporary directory")
	flags.StringVar(&opts.calloutURL, "callout-url", "https://127.0.0.1:8443", "base URL of the connector that receives callouts")
	flags.StringVar(&opts.calloutPath, "callout-path", "/concur/v1.0/notify", "path of the callouts")
	flags.StringVar(&opts.calloutUser, "callout-user", "simulated-user", "Basic user name of the callouts")
	flags.StringVar(&opts.calloutPassword, "callout-password", "simulated-password", "Basic password of the callouts")
	flags.StringVar(&opts.calloutCA, "callout-ca", "", "CA file to check the connector's certificate against; if empty, the system's CAs")
	flags.IntVar(&opts.calloutTries, "callout-tries", 1, "attempts of a callout before its notification goes to the failed list")
	flags.StringVar(&opts.clientID, "client-id", "simulated-client-id", "accepted OAuth client ID")
	flags.StringVar(&opts.clientSecret, "client-secret", "simulated-client-secret", "accepted OAuth client secret")
	flags.StringVar(&opts.refreshToken, "refresh-token", "simulated-refresh-token", "accepted OAuth refresh token")
	flags.StringVar(&opts.companyID, "company-id", "5c8f2d1e-7b34-4a96-8e0d-3f61a2b9c740", "UUID of the company whose request token is accepted")
	flags.StringVar(&opts.requestToken, "request-token", "simulated-request-token", "request token of the company, valid for 24 hours from the start")
	flags.StringVar(&opts.scopes, "scopes", allScopes, "scopes of the application, separated by spaces")
	flags.BoolVar(&opts.strictRotation, "strict-rotation", false, "accept a refresh token only once: each refresh returns the next valid one")
	flags.DurationVar(&opts.tokenLife, "token-life", time.Hour, "life of an access token")
	flags.StringVar(&opts.failedFormat, "failed-format", asAsked, "format of the failed list: xml, json or as-asked (by the Accept header)")
	flags.StringVar(&opts.payloads, "payloads", "", "directory of raw payloads: DIR/<name>/report.xml, callout.xml, ENDPOINT.json, ENDPOINT/ID.json, state.yaml")
	flags.BoolVar(&opts.payloadCallouts, "payload-callouts", true, "send the callouts of the payloads at the start")
	flags.Uint64Var(&opts.seed, "seed", 0, "seed of everything that is made up; 0 chooses a seed and prints it")
	flags.BoolVar(&exitWithStdin, "exit-with-stdin", false, "exit when standard input ends")
	if err := flags.Parse(args); err != nil {
		return opts, false, err
	}
	if flags.NArg() > 0 {
		return opts, false, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return opts, exitWithStdin, nil
}
