package concur

import (
	"context"
	"strconv"
	"time"

	"concur-connector/expense"
)

// OnStoreStep has every step of the client's token store done by f.
func (c *Client) OnStoreStep(f func(step string, do func() error) error) { c.tokens.store.perform = f }

// Remembered puts n lookups into a memory whose older ones end after life, and returns
// how many it holds.
func Remembered(n int, life time.Duration) int {
	var l lookups[int]
	for i := range n {
		l.store(strconv.Itoa(i), i)
		l.values[strconv.Itoa(i)] = lookedUp[int]{value: i, until: time.Now().Add(life)}
	}
	return len(l.values)
}

// Recalled returns how many lookups that end after life can be had.
func Recalled(life time.Duration) int {
	l := lookups[int]{values: map[string]lookedUp[int]{"x": {until: time.Now().Add(life)}}}
	if _, ok := l.find("x"); ok {
		return 1
	}
	return 0
}

// HeaderV3 reads the header of a report by v3.
func HeaderV3(ctx context.Context, c *Client, reportID, login string) (*expense.Report, error) {
	h, err := c.headerV3(ctx, reportID, login)
	return h.Report, err
}

// HeaderV4 reads the header of a report by v4.
func HeaderV4(ctx context.Context, c *Client, userID, reportID string) (*expense.Report, error) {
	h, err := c.headerV4(ctx, userID, reportID)
	return h.Report, err
}
