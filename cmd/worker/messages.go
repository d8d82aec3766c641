package main

import (
	"errors"
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
	n, err := clients.Notifier(cfg, members, logger)
	if err != nil || n == nil {
		return nil, err
	}
	if _, _, _, digests := n.Schedule(); digests {
		return nil, errors.New("CONCUR_MESSAGES: this worker sends no digests, and a digest would replace the reminders: take digest out of the file")
	}
	return n, nil
}
