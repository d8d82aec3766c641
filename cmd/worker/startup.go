package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"concur-connector/internal/config"
	"concur-connector/workflows"
)

// The delays between two attempts to start. A worker notices that Temporal is back after the
// longest delay at the latest.
const (
	firstStartDelay = 500 * time.Millisecond
	maxStartDelay   = 15 * time.Second
	startAttempt    = 10 * time.Second // the timeout of one attempt
)

// startup starts the worker, and records whether it polls.
type startup struct {
	cfg       config.Worker
	temporal  client.Client
	namespace string
	runs      *workflows.Client
	digest    workflows.DigestSchedule
	logger    *slog.Logger

	mu      sync.Mutex
	missing error // why the worker does not poll yet; nil: it polls
}

func newStartup(cfg config.Worker, temporal client.Client, namespace string, logger *slog.Logger) *startup {
	return &startup{
		cfg: cfg, temporal: temporal, namespace: namespace, runs: workflows.NewClient(temporal, cfg.TaskQueue), digest: workflows.DigestSchedule{TaskQueue: cfg.TaskQueue}, logger: logger,
		missing: errors.New("the worker is starting"),
	}
}

// ready returns nil when the worker polls and Temporal answers.
func (s *startup) ready(ctx context.Context) error {
	s.mu.Lock()
	missing := s.missing
	s.mu.Unlock()
	if missing != nil {
		return missing
	}
	return s.runs.Ready(ctx)
}

func (s *startup) set(missing error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.missing = missing
}

// prepare checks the search attributes, and sets the schedule of the sweep as configured. It does
// so once, before the worker polls.
func (s *startup) prepare(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startAttempt)
	defer cancel()
	if err := s.runs.Ready(ctx); err != nil {
		return err
	}
	err := workflows.CheckSearchAttributes(ctx, s.temporal, s.namespace)
	switch {
	case errors.Is(err, workflows.ErrNotChecked):
		s.logger.Warn("search attributes not checked", "error", err)
	case err != nil:
		return err
	}
	if err := workflows.EnsureDigestSchedule(ctx, s.temporal, s.digest); err != nil {
		return err
	}
	return workflows.EnsureSweepSchedule(ctx, s.temporal, workflows.SweepSchedule{
		TaskQueue: s.cfg.TaskQueue, Mode: workflows.SweepMode(s.cfg.SweepMode), Every: s.cfg.SweepInterval, Grace: s.cfg.MissedAfter,
	})
}

// untilStarted tries to start until the worker polls, whatever the reason: an outage of Temporal,
// a namespace that does not exist yet, or refused credentials. It gives up only if search
// attributes are missing; the error says how to create them. It returns nil if ctx ends first.
func (s *startup) untilStarted(ctx context.Context, start func() ([]worker.Worker, error)) ([]worker.Worker, error) {
	for delay := firstStartDelay; ; delay = min(2*delay, maxStartDelay) {
		var polling []worker.Worker
		err := s.prepare(ctx)
		if err == nil {
			polling, err = start()
		}
		switch {
		case err == nil:
			s.set(nil)
			return polling, nil
		case errors.Is(err, workflows.ErrMissingAttributes):
			return nil, err
		case ctx.Err() != nil:
			return nil, nil
		}
		s.set(err)
		wait := delay/2 + rand.N(delay/2) // so that many workers do not try at the same time
		s.logger.Warn("Temporal cannot be used yet, trying again", "error", err, "in", wait.Round(time.Millisecond).String())
		select {
		case <-ctx.Done():
			return nil, nil
		case <-time.After(wait):
		}
	}
}

// keepAccess is how old the access token may become without a request to Concur.
const keepAccess = 24 * time.Hour

// After its start, a worker looks every releaseEvery for runs that another allow-list has parked,
// because an old worker may park a run again while workers are being replaced. releasePause is
// the pause between two released runs.
const (
	releaseEvery = time.Hour
	releasePause = 100 * time.Millisecond
)

// release retries runs that are parked because another allow-list refused the address of their
// notification.
func (ws workers) release(ctx context.Context, s *startup) {
	tick := time.NewTicker(releaseEvery)
	defer tick.Stop()
	for {
		released, err := s.runs.Release(ctx, ws.concur.AllowList(), releasePause)
		if err != nil && ctx.Err() == nil {
			s.logger.Warn("parked runs could not be released", "error", err)
		}
		if released > 0 {
			s.logger.Info("parked runs released: the allow-list has changed", "count", released)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// run polls as soon as Temporal allows it, until ctx ends. It then waits for open activities. It
// calls started when it begins to poll.
func (ws workers) run(ctx context.Context, s *startup, started func()) error {
	polling, err := s.untilStarted(ctx, ws.start)
	if err != nil || polling == nil {
		return err
	}
	defer stop(polling)
	started()
	go ws.release(ctx, s)
	go ws.concur.RenewTokens(ctx, keepAccess) // ends with ctx; closing the client waits for an open renewal
	select {
	case <-ctx.Done():
		return nil
	case err := <-ws.fatal:
		return fmt.Errorf("poll: %w", err)
	}
}
