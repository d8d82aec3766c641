// Package policy judges expense reports and travel requests by the rules of a file.
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
//	m.round(2), m.rounded()         the second to what its currency is written with: JPY 0, KWD 3
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
// A key is a text, an int, true or false, or a date. CEL's double, uint, bytes, timestamp,
// duration, dyn, type, format and strings.quote are left out: they are not exact, or not
// bounded, or about times, which a report does not have. No text grows above 64 KiB, no list
// above 100,000 elements and no number above 128 digits: the rule errs. Numbers round half
// away from zero, and only where it says so here.
//
// An amount or a date that is absent must be asked for with has() before it is
// read: reading it makes the rule err. entry.transaction has no currency code in
// Concur's v1.1 and v2.0, only a name, and cannot be compared there; by v3 and v4 it has
// the code of what was paid in, and entry.currencyName is empty. A rule that is to judge
// alike by all of them compares entry.posted, which is in the report's currency, or asks
// has(entry.currencyName) first. Of a variable, has() is false when what it is made of is
// absent, and errs when that is wrong. && and || forgive an error on one side when the other
// side decides alone, as CEL has it.
//
// A rule sees the object of its level and what that is a part of: report; entry;
// itemization; allocation (of an entry that is not itemized with an empty itemization). What
// nobody has allocated has an allocation, too, of which allocation.hidden is true. Of
// travel requests: request, an [expense.TravelRequest]; expected, one of its expenses;
// segment. Besides these there are variables.x, facts.x.y, lists.x[key].column, and today.
//
//	request.posted <= money("3000.00", request.currency)
//	request.expenses.all(e, e.segments.all(s, s.class != "F"))
//
// Travel requests are handled only when the file has a rule of one of these levels: where it
// says nothing about them none is passed on. Concur takes no exceptions on a request, so such
// a rule sends back, with its message in the comment, or asks.
//
// A file whose rules cannot have an effect approves everything. A worker refuses it, unless
// it says approveAll: true ([Policy.PassesUnseen]).
//
// What else the file may hold, stops, groups, lists, facts, variables and settings, is in
// docs/policy/README.md.
//
// The rules are the same whatever interface of Concur a report was read by
// (CONCUR_INTERFACE). List fields have code and value by all of them; by v4, and of travel
// requests, they are looked up with the scope spend.listitem.read, and valid says whether the
// item may still be used. By v4 a field of an
// entry that is read costs requests: its custom fields, organisational units, hasVat and
// rejected one for each entry; itemized, itemizations and allocations one or more for each entry;
// commentCount one for the report ([Policy.Parts]). By v3 attendeeCount costs one for each
// entry that has attendees, and commentCount one if there are comments. By v3
// receiptRequired is not told, an itemized entry may have allocations, and a report has no
// purpose; by v4 there is no category. Each interface has identifiers of its own for
// paymentType, so that rules read companyCard instead.
//
// A rule that errs, or costs too much to evaluate, has no effects of its own: it
// asks a person and never approves. All violations are collected. Sending back goes
// before asking a person, and that before approving.
//
// [Policy.Keep] keeps of a report the fields that some rule names (of custom fields
// and organisational units the one whose number is written out, else all; a list
// that no rule names is dropped; what a rule compares or passes on as a whole is kept
// whole). Besides these it keeps IDs and keys, the currency, the status, the action
// URL, the interface and the exception flags, and by v3 and v4 the time of submission.
// [Policy.KeepRequest] does so for a travel request, and keeps besides the ID and number,
// the currency, the status and its name, the time of submission and what Concur offers to do.
package policy
