// Package rulestest runs the cases beside a rules file. Each case has a report or a travel request
// and the verdict that the rules must give. A company keeps the cases with its rules and runs them
// before it deploys a change.
//
//	cases:
//	  - name: a dinner without a receipt
//	    report:
//	      currency: USD
//	      entries:
//	        - {type: MEALS, posted: "129.00"}
//	    want:
//	      action: approve
//	      exceptions: [{code: NORECPT, object: "1"}]
//
// A report and a request have the names of expense.Report and expense.TravelRequest in
// JSON. An object without an ID is named by its place: an entry "1", its itemization "1.1", an
// allocation "1/1" or "1.1/1", a segment "1.1". Anything that want does not name is not checked.
package rulestest
