package concur_test

import (
	"fmt"
	"testing"

	"concur-connector/concur"
)

func TestX(t *testing.T) {
	c, _ := concur.New(concur.Options{Geolocation: "https://us2.api.concursolutions.com", ClientID: "a", ClientSecret: "b", RefreshToken: "c"})
	for _, u := range []string{"https://www.concursolutions.com/api/expense/expensereport/v1.1/report/a\uFFFD/workflowaction", "https://www.concursolutions.com/api/expense/expensereport/v1.1/report/a/workflowaction"} {
		fmt.Println(c.CheckURL(concur.ActionURL, u))
	}
}
