package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// binaries are the paths of the programs.
type binaries struct {
	temporal, ingress, worker, concurctl, concursim string
}

// moduleRoot returns the folder of this module's go.mod.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	file := strings.TrimSpace(string(out))
	if err != nil || filepath.Base(file) != "go.mod" {
		return "", fmt.Errorf("find this module: run the command from inside the project (go env GOMOD says %q)", file)
	}
	return filepath.Dir(file), nil
}

// build builds the project's programs, and finds or builds Temporal's command line. It
// prints a line before each slow step.
func build(ctx context.Context, root, dir string, logf func(format string, args ...any)) (binaries, error) {
	b := binaries{
		ingress:   filepath.Join(dir, executable("ingress")),
		worker:    filepath.Join(dir, executable("worker")),
		concurctl: filepath.Join(dir, executable("concurctl")),
		concursim: filepath.Join(dir, executable("concursim")),
	}
	begun := time.Now()
	logf("building ingress, worker, concurctl and concursim …")
	err := goBuild(ctx, root, "-o", dir+string(filepath.Separator), "./cmd/ingress", "./cmd/worker", "./cmd/concurctl", "./dev/concursim")
	if err != nil {
		return b, err
	}
	logf("built in %s", time.Since(begun).Round(100*time.Millisecond))
	b.temporal, err = findTemporal(ctx, root, logf)
	return b, err
}

func goBuild(ctx context.Context, dir string, args ...string) error {
	cmd, _, err := kept(ctx, "go", append([]string{"build", "-trimpath"}, args...)...)
	if err != nil {
		return err
	}
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// findTemporal returns Temporal's command line: the one on PATH, or the version that
// tools/temporal pins. It builds that version once from the Go module proxy and keeps it in
// the user's cache.
func findTemporal(ctx context.Context, root string, logf func(format string, args ...any)) (string, error) {
	if path, err := exec.LookPath("temporal"); err == nil {
		return path, nil
	}
	const version = "v1.5.1" // as tools/temporal/go.mod pins it
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for the temporal command: %w", err)
	}
	path := filepath.Join(cache, "concur-connector", executable("temporal-"+version))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("keep the temporal command: %w", err)
	}
	logf("no temporal command on PATH: building %s from the Go module proxy; this takes some minutes, once …", version)
	begun := time.Now()
	done := make(chan struct{})
	defer close(done)
	go func() {
		tick := time.NewTicker(15 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				logf("still building temporal, %s so far …", time.Since(begun).Round(time.Second))
			}
		}
	}()
	fresh := fmt.Sprintf("%s.%d", path, os.Getpid()) // two builds at once do not collide
	defer os.Remove(fresh)
	err = goBuild(ctx, filepath.Join(root, "tools", "temporal"), "-o", fresh, "github.com/temporalio/cli/cmd/temporal")
	if err != nil {
		return "", err
	}
	logf("built temporal in %s; it is kept in %s", time.Since(begun).Round(time.Second), filepath.Dir(path))
	return path, os.Rename(fresh, path)
}

func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}
