package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// approverFiles are an approvers' file with one person, called "dev", and a seal key.
type approverFiles struct {
	file, sealKeys []byte
	token          string // of the approver
}

// makeApprovers makes the files with concurctl, as an integrator would.
func makeApprovers(ctx context.Context, concurctl, dir string) (a approverFiles, err error) {
	run := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, concurctl, append([]string{"approver"}, args...)...).Output()
		if err != nil {
			return "", fmt.Errorf("concurctl approver %s: %w", args[0], err)
		}
		return strings.TrimSpace(string(out)), nil
	}
	path := filepath.Join(dir, "approvers.yaml")
	if a.token, err = run("add", "dev", "--file", path, "--login", "dev@approvers.example", "--group", "finance", "--submits-reports=false"); err != nil {
		return a, err
	}
	if a.file, err = os.ReadFile(path); err != nil {
		return a, err
	}
	key, err := run("seal-key")
	a.sealKeys = []byte(key + "\n")
	return a, err
}
