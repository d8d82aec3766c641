package main

import (
	"fmt"
	"strings"

	"concur-connector/expense"
)

// interfaces are the interfaces through which a story can run.
var interfaces = []string{string(expense.V1), string(expense.V3), string(expense.V4)}

// only marks a story that cannot run through every interface, and says why.
const only = "# One interface only: "

// condition limits a line of a story to some interfaces: [v1.1], [v3] (v3+v4) or [v4] (v4
// and v3+v4, because it writes through v4).
func (setup systemSetup) condition(name string) (bool, error) {
	newer := expense.Interface(setup.via).IsV4()
	switch name {
	case "v1.1":
		return !newer, nil
	case "v4":
		return newer, nil
	case "v3":
		return setup.via == string(expense.V3), nil
	}
	return false, fmt.Errorf("a condition is v1.1, v3 or v4, not %q", name)
}

// endpoints returns the simulator's endpoints that replace an endpoint of v1.1 when the
// story runs through another interface.
func (setup systemSetup) endpoints(name string) []string {
	if !expense.Interface(setup.via).IsV4() {
		return []string{name}
	}
	switch name {
	case "details-v1.1":
		return []string{"details"}
	case "details":
		if setup.via == string(expense.V3) {
			return []string{"report-v3"}
		}
		return []string{"report-v4"}
	case "exceptions":
		return []string{"exception-put"}
	case "action":
		return []string{"approve", "send-back"}
	}
	return []string{name}
}

// playable reports whether a story can run through an interface.
func playable(script, via string) bool {
	return via == string(expense.V1) || !strings.Contains("\n"+script, "\n"+only)
}

// scopes returns the scopes that the simulator grants: exactly those that the documentation
// asks for, for the interfaces in use. A story can start the worker with other settings;
// its text shows them.
func (setup systemSetup) scopes() string {
	by := map[expense.Interface]bool{expense.V1: setup.via == ""}
	for _, via := range interfaces {
		by[expense.Interface(via)] = by[expense.Interface(via)] || setup.via == via || strings.Contains(setup.script, "CONCUR_INTERFACE="+via+" ") || strings.Contains(setup.script, "CONCUR_INTERFACE="+via+"\n")
	}
	// Missed reports are read by v4, whatever the interface is.
	found := setup.sweep == "act" || strings.Contains(setup.script, "CONCUR_SWEEP_MODE=act") || strings.Contains(setup.script, "v4: true")

	granted := []string{"EXPRPT", "NOTIF", "travelrequest.write", "travelrequest.externalsystemworkflow.write"} // the rules evaluate travel requests
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
