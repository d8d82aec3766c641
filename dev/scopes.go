package main

import (
	"strings"

	"concur-connector/expense"
)

// scopes are those that the simulator grants the house: exactly those that the README asks
// for of the interfaces that are used. A story may start the worker with other settings than
// its house has: its text says with which.
func (h houseSetup) scopes() string {
	by := map[expense.Interface]bool{expense.V1: h.via == ""}
	for _, via := range pairings {
		by[expense.Interface(via)] = by[expense.Interface(via)] || h.via == via || strings.Contains(h.script, "CONCUR_INTERFACE="+via+" ") || strings.Contains(h.script, "CONCUR_INTERFACE="+via+"\n")
	}
	// What nobody told of is named by v4, whatever the interface is.
	found := h.sweep == "act" || strings.Contains(h.script, "CONCUR_SWEEP_MODE=act") || strings.Contains(h.script, "v4: true")

	granted := []string{"EXPRPT", "NOTIF", "travelrequest.write", "travelrequest.externalsystemworkflow.write"} // the rules judge travel requests
	if by[expense.V3] || by[expense.V4] || found {
		granted = append(granted, "expense.report.workflowstatus.write", "expense.report.readwrite")
	}
	if by[expense.V4] || found {
		granted = append(granted, "identity.user.ids.read", "identity.user.core.read")
	}
	if by[expense.V4] {
		granted = append(granted, "expense.report.read", "spend.listitem.read")
	}
	return strings.Join(granted, " ")
}
