package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/internal/config"
)

func TestAFormerNameOfAVariableIsRefusedWithItsPresentName(t *testing.T) {
	t.Setenv("CONCUR_BRAKE_SENDBACKS", "5")
	t.Setenv("CONCUR_HOSTS_FILE", "hosts.txt")
	for program, load := range map[string]func() error{
		"the ingress": func() error { _, _, err := config.LoadIngress(); return err },
		"the worker":  func() error { _, _, err := config.LoadWorker(); return err },
		"concurctl":   func() error { _, err := config.LoadConcurctl(); return err },
	} {
		err := load()
		require.ErrorContains(t, err, "CONCUR_BRAKE_SENDBACKS is now called CONCUR_SENDBACK_LIMIT", program)
		require.ErrorContains(t, err, "CONCUR_HOSTS_FILE is now called CONCUR_TRUSTED_HOSTS_FILE", program)
	}
}
