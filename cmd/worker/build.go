package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"concur-connector/activities"
	"concur-connector/concur"
	"concur-connector/expense"
	"concur-connector/facts"
	"concur-connector/internal/clients"
	"concur-connector/internal/config"
	"concur-connector/internal/notify"
	"concur-connector/policy"
	"concur-connector/workflows"
)

// loadRules reads the rules file. It repeats its checks whenever the file changes.
func loadRules(cfg config.Worker, company *facts.Client, logger *slog.Logger) (*policy.Reloader, error) {
	rules, err := policy.NewReloader(policy.ReloadOptions{
		Path: cfg.Rules, Check: func(p *policy.Policy) error { return errors.Join(looks(p), mayAsk(company, p)) }, Logger: logger,
	})
	if err != nil {
		return nil, fmt.Errorf("the rules cannot be used:\n%w", err)
	}
	return rules, nil
}

// looks refuses rules that would approve everything, unless the file says that this is meant.
func looks(p *policy.Policy) error {
	if why := p.ApprovesUnchecked(); why != "" {
		return fmt.Errorf("%s; write a rule that acts, or say approveAll: true in the file if that is meant", why)
	}
	return nil
}

// inUse names the rules that this process uses, for the readiness answer.
func inUse(rules activities.Rules) string {
	now := rules.Current()
	if now.Version() == "" {
		return "rules " + now.Hash()
	}
	return fmt.Sprintf("rules %s (version %s)", now.Hash(), now.Version())
}

func reachConcur(cfg config.Worker, logger *slog.Logger) (*concur.Client, error) {
	options, err := clients.ConcurOptions(cfg, logger)
	if err != nil {
		return nil, err
	}
	options.ReadOnly = cfg.Writes != string(activities.WritesOn)
	return concur.New(options)
}

// workers are the pollers of the callout queues and of the sweep queues. They are separate, so
// that a callout never waits behind a sweep.
type workers struct {
	temporal client.Client
	cfg      config.Worker
	flows    workflows.Workflows
	acts     *activities.Activities
	concur   *concur.Client
	fatal    chan error // the error of a worker that the SDK has stopped
}

func build(cfg config.Worker, temporal client.Client, api *concur.Client, company *facts.Client, rules activities.Rules, decides activities.Approvers, tells *notify.Notifier, logger *slog.Logger) (workers, error) {
	known := workflows.NewClient(temporal, cfg.TaskQueue)
	guard, err := concur.ParseGuard(cfg.StepGuard)
	if err != nil {
		return workers{}, fmt.Errorf("CONCUR_STEP_GUARD: %w", err)
	}
	own, err := expense.ParseOwnSteps(cfg.OwnSteps)
	if err != nil {
		return workers{}, fmt.Errorf("CONCUR_OWN_STEPS: %w", err)
	}
	var asker activities.FactClient
	if company != nil {
		asker = company
	}
	var notifier activities.Notifier
	if tells != nil {
		notifier = tells
	}
	var keeps activities.RecordFile
	if file := clients.RecordFile(context.Background(), cfg, logger); file != nil {
		keeps = file
	}
	var archive activities.RecordWebhook
	if webhook, err := clients.RecordWebhook(cfg); err != nil {
		return workers{}, err
	} else if webhook != nil {
		archive = webhook
	}
	acts, err := activities.New(activities.Options{
		Concur:             api,
		Rules:              rules,
		Facts:              asker,
		Starter:            known,
		RunFinder:          known,
		OlderRuns:          known,
		EarlierWrites:      known,
		Permits:            known,
		Approvers:          decides,
		Steps:              known,
		Notifier:           notifier,
		Tasks:              known,
		RecordFile:         keeps,
		RecordWebhook:      archive,
		OwnSteps:           own,
		Interface:          activities.InterfaceOptions{Via: expense.Interface(cfg.Interface), Fallback: cfg.Fallback, ReadSteps: cfg.ReadSteps},
		Guard:              guard,
		ActOnAmbiguousStep: cfg.AmbiguousSteps == "act",
		Writes:             activities.Writes{Mode: activities.WriteMode(cfg.Writes), TestUsers: cfg.TestUsers},
		SendBackLimit:      activities.SendBackLimit{Counter: known, SendBacks: cfg.SendBackLimit, Share: cfg.SendBackShareLimit},
		Links:              activities.Links{Report: linkOf(cfg.ReportURL), Request: linkOf(cfg.RequestURL)},
		Logger:             logger,
		Delays:             activities.Delays{Outage: cfg.OutageDelay, Unauthorized: cfg.UnauthorizedDelay, WriteCheck: cfg.WriteCheckDelay, VisibleWithin: cfg.VisibleWithin},
		RequestTimeout:     cfg.RequestTimeout,
		MaxReportBytes:     cfg.MaxReportBytes,

		ReadAgainAfter: cfg.ReadAgainAfter,
	})
	if err != nil {
		return workers{}, err
	}
	flows := workflows.Workflows{Settings: workflows.Settings{
		RequestTimeout:    cfg.RequestTimeout,
		FactTimeout:       cfg.FactTimeout,
		HeartbeatTimeout:  cfg.HeartbeatTimeout,
		RetryInterval:     cfg.RetryInterval,
		RetryMaxInterval:  cfg.RetryMaxInterval,
		ParkedRetryDelays: cfg.ParkedRetryDelays,
		RereadDelay:       cfg.RereadDelay,
		WriteCheckDelay:   cfg.WriteCheckDelay,
		VisibleWithin:     cfg.VisibleWithin,
		EventTypeDelay:    cfg.EventTypeDelay,
		ConfirmDelay:      cfg.ConfirmDelay,
	}}
	// For the whole process, because a sweep of thousands opens as many runs, which mostly wait.
	worker.SetStickyWorkflowCacheSize(cfg.CachedRuns)
	return workers{temporal: temporal, cfg: cfg, flows: flows, acts: acts, concur: api, fatal: make(chan error, 6)}, nil
}

// linkOf returns a template of the configuration. It is empty if the setting is none.
func linkOf(template string) string {
	if template == config.NoLink {
		return ""
	}
	return template
}

// start polls all queues, or none. Each call makes new workers, because a worker of the SDK that
// could not start cannot be started again.
func (ws workers) start() (polling []worker.Worker, err error) {
	rate := ws.cfg.RequestsPerSecond / activities.RequestsPerActivity
	all := slices.Concat(
		ws.pollers(ws.cfg.TaskQueue, rate*(1-ws.cfg.SweepShare)),
		ws.pollers(workflows.SweepQueue(ws.cfg.TaskQueue), rate*ws.cfg.SweepShare),
	)
	for i, w := range all {
		if err := w.Start(); err != nil {
			stop(all[:i])
			return nil, fmt.Errorf("start to poll: %w", err)
		}
	}
	return all, nil
}

// factsAtOnce is for how many reports one queue of a worker asks the fact services at the same
// time. These services were not built for a sweep of thousands.
const factsAtOnce = 16

// stopTimeout is how long a worker that stops waits for its activities. It is longer than a
// write in flight, with its read and a refresh of the token, and with the time that Concur may
// take to show the write.
func stopTimeout(cfg config.Worker) time.Duration { return 5*cfg.RequestTimeout + cfg.VisibleWithin }

// pollers returns the workers of a queue and of its Concur queue. Calls to Concur have a queue of
// their own, so that one rate limit applies to all workers and to nothing else.
func (ws workers) pollers(queue string, rate float64) []worker.Worker {
	flows, acts := ws.flows, ws.acts
	options := worker.Options{
		OnFatalError:                func(err error) { ws.fatal <- err },
		WorkerStopTimeout:           stopTimeout(ws.cfg),
		DisableRegistrationAliasing: true,
	}
	runs := worker.New(ws.temporal, queue, options)
	for name, f := range flows.All() {
		runs.RegisterWorkflowWithOptions(f, workflow.RegisterOptions{Name: name})
	}
	register(runs, map[string]any{
		workflows.ValidateReport:  acts.ValidateReport,
		workflows.ValidateRequest: acts.ValidateRequest,
		workflows.StartProcessing: acts.StartProcessing,
		workflows.HandOverRun:     acts.HandOverRun,
		workflows.PlanTask:        acts.PlanTask,
		workflows.ExportRecord:    acts.ExportRecord,
		workflows.CheckDecision:   acts.CheckDecision,
		workflows.NotifyApprovers: acts.NotifyApprovers,
		workflows.DeliverDigests:  acts.DeliverDigests,
	})

	options.MaxConcurrentActivityExecutionSize = factsAtOnce
	asks := worker.New(ws.temporal, workflows.FactQueue(queue), options)
	register(asks, map[string]any{workflows.FetchFacts: acts.FetchFacts})

	options.MaxConcurrentActivityExecutionSize = 0 // the SDK's default
	options.TaskQueueActivitiesPerSecond = rate
	calls := worker.New(ws.temporal, workflows.ConcurQueue(queue), options)
	register(calls, map[string]any{
		workflows.FetchReport:             acts.FetchReport,
		workflows.FetchRequest:            acts.FetchRequest,
		workflows.DeleteExceptions:        acts.DeleteExceptions,
		workflows.ListPendingRequests:     acts.ListPendingRequests,
		workflows.PostExceptions:          acts.PostExceptions,
		workflows.TakeAction:              acts.TakeAction,
		workflows.ApproveByException:      acts.ApproveByException,
		workflows.DeleteNotification:      acts.DeleteNotification,
		workflows.ListFailedNotifications: acts.ListFailedNotifications,
		workflows.ListPendingReports:      acts.ListPendingReports,
	})
	return []worker.Worker{calls, asks, runs}
}

func register(w worker.Worker, acts map[string]any) {
	for name, f := range acts {
		w.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
}

func stop(polling []worker.Worker) {
	for _, w := range polling {
		w.Stop()
	}
}
