package main

import (
	"log/slog"

	"concur-connector/approvals/approvers"
	"concur-connector/expense"
	"concur-connector/internal/config"
)

// people check decisions against the approvers' file and the seal keys of the moment.
type people struct {
	file *approvers.Watched[approvers.Approvers] // nil: nobody is listed
	keys *approvers.Watched[approvers.SealKeys]
}

func watchApprovers(cfg config.Worker, logger *slog.Logger) (p people, err error) {
	if cfg.Approvers == "" {
		return p, nil
	}
	if p.file, err = approvers.Watch(cfg.Approvers, logger); err != nil {
		return p, err
	}
	p.keys, err = approvers.WatchSealKeys(cfg.SealKeysFile, logger)
	return p, err
}

// Check says whether a decision counts. Without an approvers' file only decisions without a seal
// can count, for groups whose rules accept them.
func (p people) Check(in expense.CheckDecisionInput, acceptsUnsealed func(group string) bool) expense.CheckedDecision {
	if p.file == nil {
		return (&approvers.Approvers{}).Check(in, acceptsUnsealed, nil)
	}
	return p.file.Current().Check(in, acceptsUnsealed, p.keys.Current())
}
