package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// onceStories are the main stories, in the order in which they are printed.
var onceStories = []string{
	"approve", "exceptions", "send-back", "human-approval", "duplicate-callout", "resubmitted-while-finishing",
	"two-steps", "percent-key", "lost-answer", "concur-down", "parked-and-retried", "failed-list-delete",
}

// once plays the main stories, or the named stories, and ends.
func once(ctx context.Context, o options) error {
	names := o.stories
	if len(names) == 0 {
		names = onceStories
	}
	suite, err := newSuite(ctx, o, false)
	if err != nil {
		return err
	}
	defer suite.close()
	begun := time.Now()
	results := make([]*storyRun, len(names))
	var wait sync.WaitGroup
	slots := make(chan struct{}, max(1, o.jobs))
	for i, name := range names {
		results[i] = &storyRun{name: name, done: make(chan struct{})}
		wait.Add(1)
		go func() {
			defer wait.Done()
			defer close(results[i].done)
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i].play(ctx, suite, fmt.Sprintf("%s.%d", name, i), filepath.Join(suite.root, "dev", "testdata", name+".txtar"))
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

// storyRun is one run of a story outside "go test".
type storyRun struct {
	name   string
	done   chan struct{}
	failed bool

	mu  sync.Mutex
	log bytes.Buffer
}

// errStopped ends a story that has failed.
var errStopped = errors.New("the story has failed")

func (r *storyRun) play(ctx context.Context, suite *suite, playing, file string) {
	if _, err := os.Stat(file); err != nil {
		r.failed = true
		fmt.Fprintf(&r.log, "no such story; the stories are: %s", strings.Join(suite.stories(), ", "))
		return
	}
	defer func() {
		if p := recover(); p != nil && p != any(errStopped) {
			r.failed = true
			r.Log(p)
		}
	}()
	testscript.RunT(r, params(ctx, suite.setup(), playing, file, nil))
}

// The methods of testscript.T.

func (r *storyRun) Skip(args ...any)                      { r.Log(args...); panic(errStopped) }
func (r *storyRun) Fatal(args ...any)                     { r.Log(args...); r.FailNow() }
func (r *storyRun) FailNow()                              { r.failed = true; panic(errStopped) }
func (r *storyRun) Parallel()                             {}
func (r *storyRun) Run(_ string, play func(testscript.T)) { play(r) }
func (r *storyRun) Verbose() bool                         { return true }

func (r *storyRun) Log(args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintln(&r.log, args...)
}

func indent(text string) string {
	return "     " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n     ")
}
