// Package clients builds the clients for Concur, for the fact services and for messages to
// approvers, and opens the record of decisions, from the worker's configuration. The worker and
// concurctl use it, so that both reach the same systems alike.
package clients

import (
	"context"
	"fmt"
	"log/slog"

	"concur-connector/concur"
	"concur-connector/facts"
	"concur-connector/internal/config"
	"concur-connector/internal/notify"
	"concur-connector/internal/record"
)

// ConcurOptions returns the options of the client for Concur. The client may write.
func ConcurOptions(cfg config.Worker, logger *slog.Logger) (concur.Options, error) {
	roots, err := config.Roots(cfg.CA)
	if err != nil {
		return concur.Options{}, fmt.Errorf("CONCUR_CA: %w", err)
	}
	return concur.Options{
		Geolocation:    cfg.Geolocation,
		ClientID:       cfg.ClientID.Reveal(),
		ClientSecret:   cfg.ClientSecret.Reveal(),
		ClientSecret2:  cfg.ClientSecret2.Reveal(),
		RefreshToken:   cfg.RefreshToken.Reveal(),
		TokenFile:      cfg.TokenFile,
		TokenWarning:   cfg.TokenWarning,
		AuthScheme:     cfg.AuthScheme,
		TrustedHosts:   cfg.TrustedHosts,
		RootCAs:        roots,
		RequestTimeout: cfg.RequestTimeout,
		Logger:         logger,

		RequestsPerSecond: cfg.RequestsPerSecond,
	}, nil
}

// FactServices returns the client for the fact services, or nil when the configuration has
// no secret for them.
func FactServices(cfg config.Worker, logger *slog.Logger) (*facts.Client, error) {
	if cfg.FactSecret.Reveal() == "" {
		return nil, nil
	}
	roots, err := config.Roots(cfg.FactCA)
	if err != nil {
		return nil, fmt.Errorf("CONCUR_FACT_CA: %w", err)
	}
	secrets := []string{cfg.FactSecret.Reveal()}
	if second := cfg.FactSecret2.Reveal(); second != "" {
		secrets = append(secrets, second)
	}
	return facts.New(facts.Options{Hosts: cfg.FactHosts, Secrets: secrets, RootCAs: roots, Timeout: cfg.FactTimeout, Logger: logger})
}

// RecordFile returns the file that keeps the record of decisions, or nil when the configuration
// names none. It logs an error of the file and returns the file all the same: a record that cannot
// be written delays no report.
func RecordFile(ctx context.Context, cfg config.Worker, logger *slog.Logger) *record.File {
	if cfg.RecordFile == "" {
		return nil
	}
	file := record.NewFile(cfg.RecordFile, logger)
	if head, err := file.Read(ctx); err != nil {
		logger.Error("the record of decisions cannot be used; runs stay open until it can", "error", err)
	} else {
		logger.Info("the record of decisions can be used", "file", cfg.RecordFile, "lines", head.Lines, "head", head.Hash)
	}
	return file
}

// RecordWebhook returns what sends the record of decisions to another system, or nil when the
// configuration names none.
func RecordWebhook(cfg config.Worker) (*record.Webhook, error) {
	if cfg.RecordURL == "" {
		return nil, nil
	}
	roots, err := config.Roots(cfg.RecordCA)
	if err != nil {
		return nil, fmt.Errorf("CONCUR_RECORD_CA: %w", err)
	}
	secrets := []string{cfg.RecordSecret.Reveal()}
	if second := cfg.RecordSecret2.Reveal(); second != "" {
		secrets = append(secrets, second)
	}
	return record.NewWebhook(record.WebhookOptions{URL: cfg.RecordURL, Secrets: secrets, RootCAs: roots})
}

// Notifier returns what tells approvers about tasks, or nil when the configuration has none.
// Without members, mails can go to fixed addresses only.
func Notifier(cfg config.Worker, members notify.Directory, logger *slog.Logger) (*notify.Notifier, error) {
	if cfg.Messages == "" {
		return nil, nil
	}
	roots, err := config.Roots(cfg.MessageCA)
	if err != nil {
		return nil, fmt.Errorf("CONCUR_MESSAGE_CA: %w", err)
	}
	n, err := notify.New(notify.Options{
		Path: cfg.Messages, Hosts: cfg.MessageHosts, RootCAs: roots, ApprovalsURL: cfg.ApprovalsURL, Members: members, Logger: logger,
	})
	if err != nil {
		return nil, fmt.Errorf("CONCUR_MESSAGES: the messages to approvers cannot be used:\n%w", err)
	}
	return n, nil
}
