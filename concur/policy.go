package concur

import "context"

// PolicyV3 returns the identifier of the policy of a report, as v3 prints it in the list of
// reports. Other interfaces may print another one. The URI is that of a callout or an event.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html
func (c *Client) PolicyV3(ctx context.Context, objectURI string) (string, error) {
	const op = "read policy by v3"
	t, err := c.target(op, ObjectURI, objectURI)
	switch {
	case ctx == nil:
		return "", misused(op, "the context is nil")
	case err != nil:
		return "", err
	}
	from, known := c.origins.recall(t.path + "?" + t.query)
	if at, err := addressOf(t.path); err == nil {
		login, err := c.users.Login(ctx, at.userID)
		if err != nil {
			return "", err
		}
		from, known = origin{at.reportID, login}, true
	}
	if !known {
		owned, err := c.ownedReport(ctx, objectURI)
		if err != nil {
			return "", err
		}
		if from, err = originOf(owned.report, owned.owner); err != nil {
			return "", err
		}
	}
	h, err := c.headerV3(ctx, from.reportID, from.login)
	if err != nil {
		return "", err
	}
	return h.Report.Policy, nil
}
