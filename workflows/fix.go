package workflows

import "concur-connector/expense"

// fixFor says what a person can do about a park reason of this kind.
func fixFor(k expense.Kind) string {
	switch k {
	case expense.Unavailable, expense.OutcomeUnknown:
		return "Concur was not reached. If the message says that something else answered, have your proxy, firewall or gateway let the request through. Otherwise check the status of Concur's service. The run tries again by itself, every hour at the latest."
	case expense.Forbidden:
		return "Give the connector's user in Concur the role, and the application the scope, that the message names. Only new tokens have a new scope: get one with a request token and concurctl token init. If role and scope are there, a proxy or gateway may refuse the request: ask its operator."
	case expense.Rejected:
		return "Read Concur's message. Create a missing exception code in Expense Admin, and enter a missing approver in the employee's profile. Set a comment that v1.1 requires as approveComment in the settings of the rules file. Or change the rules."
	case expense.InvalidArgument:
		return "The connector did not send the request, because it is invalid. Change what the message names in the rules file or in the decision. If neither contains it, report a bug of the connector."
	case expense.Untrusted:
		return "Check the address. If it is Concur's, add its host to CONCUR_TRUSTED_HOSTS and restart the workers. If an ObjectURI is not Concur's, somebody else knows the callout's password: change it in Concur, and cancel the runs with concurctl parked cancel --host HOST."
	case expense.Malformed:
		return "Check the report in Concur, and the status of Concur's service. If it happens again, report it to SAP Concur with the correlation ID."
	case expense.Incomplete:
		return "Compare the report's entries in Concur with the message. If all are there, Concur's interface does not show them to the connector's user: check its roles, and who created the report; CONCUR_FALLBACK lets the connector read by v1.1 as well. Otherwise decide this report by hand in Concur."
	case expense.TooLarge:
		return "Decide this report by hand in Concur: it is larger than Temporal allows. The run then ends by itself."
	case expense.Blocked:
		return "Have the blocking exceptions that the message names cleared in Concur, or send the report back. If the rules posted one, make its code non-blocking in Expense Admin, or remove it from the rules file."
	case expense.NoApprover:
		return "Enter an approver for the report's owner in Concur (User Administration), or choose another approver for the next step."
	case expense.CommentMissing:
		return "Set the comment in the settings of the rules file. The run tries again by itself, or at once after `concurctl parked retry`. A person who was asked can also decide again, with a comment."
	case expense.UnclearStep:
		return "Open the travel request in Concur. If it waits at your external validation, give the application the scope travelrequest.externalsystemworkflow.write and the step the role External System. If the message names a setting, change it in the rules file (docs/policy/README.md). The run tries again by itself, or at once after `concurctl parked retry`. If the request waits for somebody else, nothing has to be done, or decide it by hand in Concur: the run then ends by itself."
	case expense.AmbiguousStep:
		return "Decide this report by hand in Concur: the run then ends by itself. When a callout about it arrives, the run goes on by itself. To let the rules decide such reports without a callout, give each step a code of its own in Concur and set CONCUR_STEP_GUARD to one of them; or set CONCUR_AMBIGUOUS_STEPS to act: then the connector compares only the header of the report, which does not name the step."
	case expense.WritesOff:
		return "To allow writes, set CONCUR_WRITES=on, clear CONCUR_TEST_USERS or add this owner, restart the workers, and run `concurctl parked retry --all --kind WritesOff`."
	case expense.SendBackLimitReached:
		return "The rules send many reports back: check whether they are right. If not, fix the rules file: the run evaluates them again when it tries again by itself. If they are right, send the signal: this report is then sent back whatever the limit says. Or raise the limit (CONCUR_SENDBACK_LIMIT, CONCUR_SENDBACK_SHARE_LIMIT)."
	}
	return "Fix what the message names; the run then goes on."
}
