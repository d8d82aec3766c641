// Package workflows holds the connector's workflow code, which is deterministic, and the
// client that starts and asks workflows.
//
// [Workflows.ProcessNotification] handles one report or travel request. Read process.go
// first: it lists the steps in order, with the file of each. memory.go lists
// the parts of a run's state and the file of each.
//
// [Workflows.SweepFailedNotifications] looks for what no callout delivered,
// [Workflows.LimitSendBacks] counts send-backs, and [Workflows.RememberSteps] keeps the
// validation steps of this deployment.
//
// contract.go lists every name that Temporal stores. Workflows call activities by these names;
// package expense declares their inputs and results.
package workflows
