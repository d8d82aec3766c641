package expense_test

import (
	"fmt"

	"concur-connector/expense"
)

func ExampleIdentify() {
	kind, key, err := expense.Identify("https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/3%Rek29$ws/")
	fmt.Println(kind, key, err)
	fmt.Println(expense.Notification{Kind: kind, Key: key}.ID())
	_, _, err = expense.Identify("https://www.concursolutions.com/")
	fmt.Println(err)
	// Output:
	// EXPRPT 3%Rek29$ws <nil>
	// EXPRPT:3%Rek29$ws
	// ObjectURI has no key after the last slash of its path
}

func ExampleMoney() {
	sum := expense.Money{Currency: "USD"}
	for _, text := range []string{"33.33333334", "33.33333333", "33.33333333"} {
		amount, err := expense.ParseAmount(text)
		if err != nil {
			fmt.Println(err)
			return
		}
		if sum, err = sum.Add(expense.Money{Amount: amount, Currency: "USD"}); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(sum)
	_, err := sum.Compare(expense.Money{Currency: "EUR"})
	fmt.Println(err)
	// Output:
	// 100.00 USD
	// amounts of different currencies cannot be compared or added
}
