package main

import (
	"fmt"
	"log/slog"

	"concur-connector/approvals/approvers"
	"concur-connector/internal/clients"
	"concur-connector/internal/config"
	"concur-connector/internal/notify"
)

// messages returns what tells approvers about tasks, or nil if nobody is told.
func messages(cfg config.Worker, logger *slog.Logger) (*notify.Notifier, error) {
	var members notify.Directory
	if cfg.Messages != "" && cfg.Approvers != "" {
		file, err := approvers.Watch(cfg.Approvers, logger)
		if err != nil {
			return nil, fmt.Errorf("CONCUR_APPROVERS: %w", err)
		}
		members = clients.Members{File: file}
	}
	return clients.Notifier(cfg, members, logger)
}
