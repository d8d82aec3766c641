package workflows

import "concur-connector/expense"

// fixFor says what a person can do about a park reason. It is shown, never acted on.
func fixFor(k expense.Kind) string {
	switch k {
	case expense.Unavailable, expense.OutcomeUnknown:
		return "Concur was not reached. When the message says that something answered in its place, have whoever runs the proxy, the firewall or the gateway let this request through; else look at the status of Concur's service. The run tries again by itself, every hour at the latest."
	case expense.Forbidden:
		return "Give the connector's user in Concur the role and the application the scope that the message names. A scope that is given later is in new tokens alone: begin them with a request token and concurctl token init. If both are there, something between the connector and Concur may refuse the request: ask whoever runs it."
	case expense.Rejected:
		return "Read Concur's words: an exception code is created in Expense Admin, a missing approver in the employee's profile, a comment that Concur requires by v1.1 as passOnComment in the settings of the rules file; or change the rules file."
	case expense.InvalidArgument:
		return "The connector has passed on what cannot be right, and nothing was sent. Change what the message names in the rules file or in the decision; if neither names it, report it as a mistake of the connector."
	case expense.Untrusted:
		return "Check the address. If it is Concur's, add its host to CONCUR_TRUSTED_HOSTS and restart the workers. If an ObjectURI is not, somebody else knows the connector's password: change it in Concur, and cancel the runs with concurctl parked cancel --host HOST."
	case expense.Malformed:
		return "Look at the report in Concur and at the status of Concur's service; if it goes on, report it with the correlation ID."
	case expense.Incomplete:
		return "Look at the report in Concur: compare its entries with what the message says. If they are all there, Concur's interfaces do not show them to the connector's user: look at its roles, or at who created the report; CONCUR_FALLBACK lets v1.1 be asked as well. Otherwise decide this report by hand in Concur."
	case expense.TooLarge:
		return "Decide this report by hand in Concur: it is larger than one Temporal payload may be. The run notices and ends."
	case expense.Blocked:
		return "Have the blocking exceptions that the message names cleared in Concur, or decide to send it back; a code of ours that blocks is made non-blocking in Expense Admin, or taken out of the rules file."
	case expense.NoApprover:
		return "Give the owner an approver in Concur (User Administration), or choose another approver for the next step."
	case expense.CommentMissing:
		return "Give the comment in the settings of the rules file: the run tries again by itself, or at once by `concurctl parked retry`. A person who was asked can also decide again, with a comment."
	case expense.UnclearStep:
		return "Look at the travel request in Concur. If it waits at your external validation: give the application the scope travelrequest.externalsystemworkflow.write and the step the role External System; where the message names a setting, change that in the rules file (docs/policy/README.md). The run tries again by itself, or at once by `concurctl parked retry`. If it waits for somebody else, leave it alone or decide it in Concur by hand: the run notices and ends."
	case expense.AmbiguousStep:
		return "Decide this report by hand in Concur: the run notices and ends. If a callout about it comes, the run goes on by itself. To have such reports decided by the rules without one: give the steps codes of their own and one of them to CONCUR_STEP_GUARD; or set CONCUR_AMBIGUOUS_STEPS to act, and the header of the report, which does not name the step, is all that is compared."
	case expense.WritesOff:
		return "When writes are to be made again: set CONCUR_WRITES to on (and CONCUR_TEST_USERS so that it is not in the way), restart the workers, and have the runs go on: `concurctl parked retry --all --kind WritesOff`."
	case expense.SendBackLimitReached:
		return "Look whether the rules are right: they send many reports back. If not, mend the rules file: the run is judged anew when it tries again by itself. If so, send the signal, and this report is sent back whatever the brake says; or raise the brake's limits."
	}
	return "Look at the message; the run goes on when it is mended."
}
