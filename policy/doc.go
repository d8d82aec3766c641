// Package policy evaluates expense reports and travel requests by the rules of a file.
//
// A rule says what must hold. Where it does not, the rule is violated and its
// effects follow:
//
//	apiVersion: concur-connector/v1
//	rules:
//	  - name: receipt-above-75            # unique, lower case, words joined by "-"
//	    level: entry                      # once for each; or report, itemization, allocation, request, ...
//	    match: entry.type == "MEALS"      # optional: does the rule apply
//	    expression: entry.hasReceipt || entry.posted <= money("75.00", report.currency)
//	    message: A receipt is missing.    # or messageExpression, which gives a string
//	    then:                             # at least one effect
//	      exception: {code: NORECPT}      # posted on the object of the level
//	      sendBack: true                  # to the employee, with the message
//	      ask: finance                    # a person of this group decides
//	                                      # or warn: true; with shadow: true nothing follows yet
//
// Expressions are CEL (https://cel.dev), type-checked when the file is loaded.
// Fields have the JSON names of [expense.Report], [expense.Entry] and, as "request",
// [expense.TravelRequest]; a name that does not exist is an error of the file. has(x.f)
// is true when there is something in f: text that is not empty, a flag that is set, a
// number that is not 0.
//
//	money("75.00", "USD")           an exact amount; never a floating-point number
//	== != < <= > >=  + -  -m        on amounts of one currency; others make the rule err
//	m * 3, 3 * m, m * d             exact, by an int or a decimal
//	m.dividedBy(3), .dividedBy(d)   to 8 decimals, half away from zero; there is no m / 3
//	m.round(2), m.roundToCurrency() the second to the decimals of its currency: JPY 0, KWD 3
//	m.convert(rate, "USD")          exact; the rate is entry.exchangeRate or a decimal above 0
//	m.isMultipleOf(money("50", "USD"))  a round amount
//	m.abs(), m.isNegative(), m.amount(), m.currency()   the third a decimal, "USD" the fourth
//	decimal("1.19"), decimal(3)     an exact number d; == != < <= > >=  + - *  -d
//	d.dividedBy(e, 2), d.round(2), d.abs()   to decimals that are given, 0 to 20
//	isDecimal(text)                 whether decimal(text) can be read
//	sum(amounts), sum(amounts, "USD")   the second also of an empty list; sum of decimals, ints
//	min(list), max(list)            of amounts, decimals, ints or dates; of none they err
//	date("2026-05-01")              a calendar day; a time of day is cut off
//	== != < <= > >=                 on days
//	d.plusDays(30), d.plusMonths(1) a month after January 31 is the last day of February
//	daysBetween(a, b), a.daysUntil(b)   an int, negative when b comes first
//	d.year(), .month(), .day()      ints; January is 1
//	d.weekday(), d.isWeekend()      "monday" to "sunday"
//	string(m), string(d)            "75.00 USD", "1.5", "2026-05-01"
//	entry.custom["3"].value, .code  a custom field; an absent one is empty
//	report.orgUnits["1"].code       likewise
//	report.entries.exists(e, e.personal), all, exists_one, filter, map, size
//	L.groupBy(e, e.date)            the elements under each key, in the order of the first
//	L.totalBy(e, e.date, e.posted)  the sum under each key, of amounts, decimals or ints
//	M.all(key, value, ...), exists  loops of two variables: over such a map, or a list and its
//	transformList, transformMap     indices; k in M tells whether there is a key, M[k] errs without
//	L.distinct()                    of texts, ints, flags or dates, each once
//	strings                         CEL's own, and lowerAscii, split, trim, ...
//
// A key is a text, an int, true or false, or a date. The language leaves out CEL's double,
// uint, bytes, timestamp, duration, dyn, type, format and strings.quote: they are not exact,
// not bounded, or about times, which a report does not have. A rule fails when a text grows
// above 64 KiB, a list above 100,000 elements or a number above 128 digits. Only the functions
// marked above round; they round half away from zero.
//
// A rule that reads an absent amount or date fails; ask with has() first. In Concur's v1.1 and
// v2.0 entry.transaction has only the name of a currency, and cannot be compared. By v3 and v4
// it has the code, and entry.currencyName is empty. A rule that must work with every interface
// compares entry.posted, which is in the report's currency, or asks has(entry.currencyName)
// first. has() of a variable is false when the variable reads something absent, and fails when
// the variable fails. && and || ignore an error on one side when the other side decides, as in
// CEL.
//
// A rule sees the object of its level and the objects that contain it: report, entry,
// itemization, allocation. An allocation of an entry without itemizations sees an empty
// itemization. Concur gives an expense that nobody has allocated one allocation, with
// allocation.hidden true. A rule for travel requests sees request, an [expense.TravelRequest];
// expectedExpense, one of its expenses; and segment. Every rule sees variables.x, facts.x.y,
// lists.x[key].column and today.
//
//	request.posted <= money("3000.00", request.currency)
//	request.expenses.all(e, e.segments.all(s, s.class != "F"))
//
// The connector handles travel requests only when the file has a rule for them; without such a
// rule it approves none. Concur takes no exceptions on a request. A rule for requests therefore
// sends back, with its message in the comment, or asks.
//
// A file whose rules cannot have an effect approves everything. A worker refuses such a file
// unless it says approveAll: true ([Policy.ApprovesUnchecked]).
//
// docs/policy/README.md explains the rest of the file: steps, groups, lists, facts, variables
// and settings.
//
// The same rules work with every interface of Concur (CONCUR_INTERFACE). List fields have code
// and value in all of them. By v4, and on travel requests, the connector looks list items up
// with the scope spend.listitem.read, and valid says whether the item may still be used.
//
// By v4 some fields cost requests ([Policy.Parts]): custom fields, organisational units, hasVat
// and rejected cost one for each entry; itemized, itemizations and allocations one or more for
// each entry; commentCount one for the report. By v3 attendeeCount costs one for each entry
// with attendees, and commentCount one if there are comments. v3 never provides
// receiptRequired or a report's purpose, and an itemized entry may have allocations there; v4
// never provides category. Each interface has its own identifiers for paymentType, so rules
// read companyCard instead.
//
// A rule that fails, or costs too much to evaluate, has none of its effects: a person is asked,
// and nothing is approved. Evaluation collects all violations. Sending back goes before asking
// a person, and asking before approving.
//
// [Policy.SelectFields] copies the fields of a report that some rule names. Of custom fields
// and organisational units it copies those whose number is written out, else all. It leaves out
// a list that no rule names, and copies an object whole that a rule compares or hands on as a
// whole. It always copies IDs and keys, the currency, the status, the action URL, the interface
// and the exception flags, and by v3 and v4 the time of submission. [Policy.SelectRequestFields]
// does the same for a travel request, and always copies its ID and number, the currency, the
// status and its name, the time of submission and the operations that Concur offers.
package policy
