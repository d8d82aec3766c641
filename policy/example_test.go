package policy_test

import (
	"fmt"

	"concur-connector/expense"
	"concur-connector/policy"
)

func Example() {
	rules, err := policy.Parse("rules.yaml", []byte(`
apiVersion: concur-connector/v1
rules:
  - name: receipt-above-75
    level: entry
    expression: entry.hasReceipt || entry.posted <= money("75.00", report.currency)
    message: A receipt is missing.
    then:
      exception: {code: NORECPT}
  - name: no-weekends
    level: entry
    match: has(entry.date)
    expression: '!(entry.date.weekday() in ["saturday", "sunday"])'
    messageExpression: string(entry.date) + " is a " + entry.date.weekday() + "."
    then:
      ask: finance
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	amount, _ := expense.ParseAmount("82.50")
	verdict := rules.Evaluate(policy.Input{Report: &expense.Report{
		Currency: "USD",
		Entries: []expense.Entry{{
			ID: "E1", Date: "2026-05-02", Posted: &expense.Money{Amount: amount, Currency: "USD"}, HasReceipt: new(false),
		}},
	}})
	fmt.Println(verdict.Action, verdict.Groups())
	for _, x := range verdict.Exceptions {
		fmt.Println(x.Code, "on", x.ObjectType, x.ObjectID)
	}
	for _, f := range verdict.Findings {
		fmt.Println(f.Rule+":", f.Message)
	}
	// Output:
	// ask [finance]
	// NORECPT on Entry E1
	// receipt-above-75: A receipt is missing.
	// no-weekends: 2026-05-02 is a saturday.
}

func ExampleErrors() {
	_, err := policy.Parse("rules.yaml", []byte(`apiVersion: concur-connector/v1
rules:
  - name: receipt-above-75
    level: entry
    expression: entry.reciept || entry.posted <= 75.00
    message: A receipt is missing.
    then:
      exception: {code: NORECEIPT}
`))
	fmt.Println(err)
	// Output:
	// rules.yaml:5:22: rule "receipt-above-75": expression: undefined field 'reciept'; did you mean "hasReceipt"?
	// rules.yaml:5:47: rule "receipt-above-75": expression: an amount needs a currency: money("75.00", report.currency)
	// rules.yaml:8:25: rule "receipt-above-75": code must be 1 to 8 of A-Z, 0-9 and _, not "NORECEIPT"
}
