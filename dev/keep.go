package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"reflect"
	"runtime"
	"syscall"
)

// keeperWord is the first argument of a dev command that acts as a keeper.
const keeperWord = "keep-until-stdin-ends"

// kept prepares a program that ends together with this process, even if this process is
// killed, panics or reaches the time limit of "go test". This process starts itself again
// as a keeper. The keeper runs the program, and kills it when the keeper's standard input
// ends, which happens when this process ends. Closing the returned end also kills the
// program.
func kept(ctx context.Context, path string, args ...string) (*exec.Cmd, io.Closer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("find the dev command: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, append([]string{keeperWord, path}, args...)...)
	end, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	cmd.Cancel = end.Close
	return cmd, end, nil
}

// asKeeper reports whether this process is a keeper and, if so, the exit code of its
// program.
func asKeeper(args []string) (code int, yes bool) {
	if len(args) < 3 || args[1] != keeperWord {
		return 0, false
	}
	code, err := keep(args[2], args[3:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return code, true
}

// keep runs a program until the program or standard input ends. It forwards signals.
func keep(path string, args []string) (code int, err error) {
	runtime.LockOSThread() // see endWithThisThread
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if _, err := cmd.StdinPipe(); err != nil { // the program's standard input ends with the keeper
		return 1, err
	}
	endWithThisThread(cmd)
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = cmd.Process.Kill()
	}()
	go func() {
		for s := range signals {
			_ = cmd.Process.Signal(s)
		}
	}()
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if exit.ExitCode() < 0 {
			return 1, errors.New(exit.String()) // by a signal
		}
		return exit.ExitCode(), nil
	}
	return 0, err
}

// endWithThisThread makes the system kill the program when the thread that starts it ends,
// in case the keeper itself is killed. Only Linux can do this. The field is set by name so
// that the command builds everywhere.
func endWithThisThread(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if field := reflect.ValueOf(cmd.SysProcAttr).Elem().FieldByName("Pdeathsig"); field.IsValid() {
		field.SetInt(int64(syscall.SIGKILL))
	}
}
