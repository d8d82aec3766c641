// Package rulestest plays cases beside a rules file: a report or a travel request, and
// what the rules must make of it. A company keeps them with its rules and has them played
// before a change is taken over.
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
// JSON. What has no ID is called by its place: an entry "1", its itemization "1.1", an
// allocation "1/1" or "1.1/1", a segment "1.1". What a want does not name may be anything.
package rulestest
