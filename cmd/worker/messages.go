package main

import (
	"fmt"
	"log/slog"

	"concur-connector/approvals/approvers"
	"concur-connector/internal/clients"
	"concur-connector/internal/config"
	"concur-connector/internal/notify"
	"concur-connector/workflows"
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

// digest says when the digests are sent.
func digest(cfg config.Worker, tells *notify.Notifier) workflows.DigestSchedule {
	s := workflows.DigestSchedule{TaskQueue: cfg.TaskQueue}
	if tells != nil {
		s.Hour, s.Minute, s.Zone, s.On = tells.Schedule()
	}
	return s
}
