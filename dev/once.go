package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// onceStories are the main stories, in the order in which they are told.
var onceStories = []string{
	"approve", "exceptions", "send-back", "human-approval", "duplicate-callout", "resubmitted-while-finishing",
	"two-stops", "percent-key", "lost-answer", "concur-down", "parked-and-retried", "failed-list-delete",
}

// once plays the main stories, or those that are named, and ends.
func once(ctx context.Context, o options) error {
	names := o.stories
	if len(names) == 0 {
		names = onceStories
	}
	world, err := newWorld(ctx, o, false)
	if err != nil {
		return err
	}
	defer world.close()
	begun := time.Now()
	results := make([]*recital, len(names))
	var wait sync.WaitGroup
	seats := make(chan struct{}, max(1, o.jobs))
	for i, name := range names {
		results[i] = &recital{name: name, done: make(chan struct{})}
		wait.Add(1)
		go func() {
			defer wait.Done()
			defer close(results[i].done)
			seats <- struct{}{}
			defer func() { <-seats }()
			results[i].play(ctx, world, fmt.Sprintf("%s.%d", name, i), filepath.Join(world.root, "dev", "testdata", name+".txtar"))
		}()
	}
	ok := 0
	for _, r := range results {
		<-r.done
		if r.failed {
			fmt.Printf("FAIL %s\n%s\n", r.name, indent(r.log.String()))
			continue
		}
		ok++
		fmt.Printf("ok   %s\n", r.name)
		if o.verbose {
			fmt.Println(indent(r.log.String()))
		}
	}
	wait.Wait()
	fmt.Printf("%d of %d stories ok, in %s (seed %d)\n", ok, len(names), time.Since(begun).Round(100*time.Millisecond), o.seed)
	if ok < len(names) {
		return errors.New("not all stories are ok")
	}
	return nil
}

// recital is one playing of one story outside "go test".
type recital struct {
	name   string
	done   chan struct{}
	failed bool

	mu  sync.Mutex
	log bytes.Buffer
}

// errStopped unwinds a story that has failed.
var errStopped = errors.New("the story has failed")

func (r *recital) play(ctx context.Context, world *world, playing, file string) {
	if _, err := os.Stat(file); err != nil {
		r.failed = true
		fmt.Fprintf(&r.log, "there is no such story; there are: %s", strings.Join(world.stories(), ", "))
		return
	}
	defer func() {
		if p := recover(); p != nil && p != any(errStopped) {
			r.failed = true
			r.Log(p)
		}
	}()
	testscript.RunT(r, params(ctx, world.setup(), playing, file, nil))
}

// The methods of testscript.T.

func (r *recital) Skip(args ...any)                      { r.Log(args...); panic(errStopped) }
func (r *recital) Fatal(args ...any)                     { r.Log(args...); r.FailNow() }
func (r *recital) FailNow()                              { r.failed = true; panic(errStopped) }
func (r *recital) Parallel()                             {}
func (r *recital) Run(_ string, play func(testscript.T)) { play(r) }
func (r *recital) Verbose() bool                         { return true }

func (r *recital) Log(args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintln(&r.log, args...)
}

func indent(text string) string {
	return "     " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n     ")
}

// world is what all stories of one command share.
type world struct {
	root     string
	dir      string
	binaries binaries
	temporal *temporalServer
	certs    certificates
	options  options
}

// newWorld builds the programs and starts Temporal.
func newWorld(ctx context.Context, o options, withUI bool) (*world, error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "concur-connector-dev-")
	if err != nil {
		return nil, err
	}
	w := &world{root: root, dir: dir, options: o}
	say := func(format string, args ...any) { fmt.Fprintf(os.Stderr, "dev: "+format+"\n", args...) }
	if w.certs, err = makeCertificates(dir); err == nil {
		w.binaries, err = build(ctx, root, dir, say)
	}
	if err == nil {
		w.temporal, err = startTemporal(ctx, w.binaries.temporal, withUI)
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return w, nil
}

// setup is what a house of this world is built of.
func (w *world) setup() houseSetup {
	rules := w.options.rules
	if rules == "" {
		rules = filepath.Join(w.root, "dev", "rules.yaml")
	}
	return houseSetup{
		binaries: w.binaries, temporal: w.temporal, certs: w.certs, queue: "dev",
		rules: rules, payloads: w.options.payloads, seed: w.options.seed, sweep: "off", via: w.options.via,
	}
}

// stories lists what can be played.
func (w *world) stories() []string {
	files, err := filepath.Glob(filepath.Join(w.root, "dev", "testdata", "*.txtar"))
	if err != nil {
		return nil
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(filepath.Base(file), ".txtar")
	}
	slices.Sort(names)
	return names
}

func (w *world) close() {
	w.temporal.stop()
	_ = os.RemoveAll(w.dir)
}
