package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// child is one running program.
type child struct {
	name string
	cmd  *exec.Cmd // the keeper of the program
	end  io.Closer // closed to kill it
	log  *tail
	done chan struct{} // closed when the process has ended
	err  error         // how it ended
}

// start runs a program and passes every line that it prints to seen.
func start(name, path string, args, env []string, seen func(line string)) (*child, error) {
	cmd, end, err := kept(context.Background(), path, args...)
	if err != nil {
		return nil, err
	}
	c := &child{name: name, cmd: cmd, end: end, log: &tail{}, done: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), env...)
	read, write := io.Pipe()
	c.cmd.Stdout, c.cmd.Stderr = write, write
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		lines := bufio.NewScanner(read)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			c.log.add(lines.Text())
			if seen != nil {
				seen(lines.Text())
			}
		}
		_, _ = io.Copy(io.Discard, read)
	}()
	go func() {
		c.err = c.cmd.Wait()
		_ = write.Close()
		close(c.done)
	}()
	return c, nil
}

// startReady runs a program and waits until ready accepts one of its lines.
func startReady(ctx context.Context, name, path string, args, env []string, ready func(line string) bool) (*child, error) {
	found := make(chan struct{})
	var once sync.Once
	c, err := start(name, path, args, env, func(line string) {
		if ready(line) {
			once.Do(func() { close(found) })
		}
	})
	if err != nil {
		return nil, err
	}
	timeout := time.NewTimer(30 * time.Second)
	defer timeout.Stop()
	select {
	case <-found:
		return c, nil
	case <-c.done:
		return nil, fmt.Errorf("%s ended at once (%w):\n%s", name, c.err, c.log)
	case <-timeout.C:
		err = errors.New("not ready after 30s")
	case <-ctx.Done():
		err = ctx.Err()
	}
	c.kill()
	return nil, fmt.Errorf("%s: %w:\n%s", name, err, c.log)
}

// stop asks the program to end and waits. It kills the program after ten seconds.
func (c *child) stop() {
	if c == nil {
		return
	}
	_ = c.cmd.Process.Signal(os.Interrupt)
	select {
	case <-c.done:
	case <-time.After(10 * time.Second):
		c.kill()
	}
}

// kill ends the program at once, as a power cut would.
func (c *child) kill() {
	_ = c.end.Close()
	<-c.done
}

// tail keeps the last lines that a program printed.
type tail struct {
	mu    sync.Mutex
	lines []string
}

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, line)
	if len(t.lines) > 400 {
		t.lines = append([]string(nil), t.lines[200:]...)
	}
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b bytes.Buffer
	for _, line := range t.lines {
		fmt.Fprintln(&b, "  "+strings.TrimSpace(line))
	}
	return b.String()
}
