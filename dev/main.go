// Command dev runs the whole system on one machine: Temporal's dev server, the hostile
// Concur simulator, and the real programs.
//
//	go run ./dev         submits sample reports, shows what happens, and keeps running
//	go run ./dev -once   plays the stories of dev/testdata and says which are ok
//
// It is never shipped, and opens no connection outside loopback.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

type options struct {
	once     bool
	payloads string
	rules    string
	stories  []string
	seed     uint64
	verbose  bool
	jobs     int
	via      string
}

func main() {
	if code, yes := asKeeper(os.Args); yes {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go orphaned(ctx, cancel)
	flush, err := endWithStdout(cancel)
	if err == nil {
		err = run(ctx, os.Args[1:])
		flush()
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "dev:", err)
		cancel()
		stop()
		os.Exit(1)
	}
}

// endWithStdout calls end once nobody reads what this command prints, as after "go run
// ./dev | head -1". Without it the system would end this command at once, and leave its
// programs and files behind. flush waits until everything is printed.
func endWithStdout(end func()) (flush func(), err error) {
	signal.Ignore(syscall.SIGPIPE)
	stdout := os.Stdout
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	os.Stdout = write
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := io.Copy(stdout, read); err != nil {
			end()
			_, _ = io.Copy(io.Discard, read)
		}
	}()
	return func() {
		_ = write.Close()
		<-done
	}, nil
}

func run(ctx context.Context, args []string) error {
	var o options
	flags := flag.NewFlagSet("dev", flag.ContinueOnError)
	flags.BoolVar(&o.once, "once", false, "play the stories, say which are ok, and end; arguments are names of stories")
	flags.StringVar(&o.payloads, "payloads", "", "`DIR` of raw payloads for the simulator: DIR/<name>/report.xml, callout.xml, ENDPOINT.json, ENDPOINT/ID.json, state.yaml")
	flags.StringVar(&o.rules, "rules", "", "rules `FILE` instead of dev/rules.yaml")
	flags.Uint64Var(&o.seed, "seed", 0, "seed of what the simulator makes up; 0 uses the clock")
	flags.BoolVar(&o.verbose, "v", false, "with -once, show what each story did")
	flags.StringVar(&o.via, "interface", interfaces[0], "`INTERFACE` for reading and writing reports: v1.1, v3+v4 or v4")
	flags.IntVar(&o.jobs, "jobs", 4, "with -once, how many stories run at a time")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o.stories = flags.Args()
	if len(o.stories) > 0 && !o.once {
		return fmt.Errorf("unexpected argument %q: name stories after -once", o.stories[0])
	}
	if !slices.Contains(interfaces, o.via) {
		return fmt.Errorf("-interface %q: want one of %s", o.via, strings.Join(interfaces, ", "))
	}
	if o.seed == 0 {
		o.seed = uint64(time.Now().UnixNano())
	}
	if o.once {
		return once(ctx, o)
	}
	return play(ctx, o)
}

// orphaned ends the command when its parent process has ended, because "go run" does not
// forward a SIGTERM.
func orphaned(ctx context.Context, end func()) {
	parent := os.Getppid()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if os.Getppid() != parent {
				end()
				return
			}
		}
	}
}
