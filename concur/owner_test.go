package concur_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

func TestAnOwnerWhomTwoAnswersNameDifferentlyIsUnknown(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	known := expense.Owner{Login: owner}
	somebodyElse := "lee@example.com"
	for name, c := range map[string]struct {
		via    expense.Interface
		uri    string
		change func(*fake)
		want   expense.Owner
	}{
		"v1.1":                              {expense.V1, objectURI, func(*fake) {}, known},
		"v3 of a callout":                   {expense.V3, objectURI, func(*fake) {}, known},
		"v4 of a callout":                   {expense.V4, objectURI, func(*fake) {}, known},
		"v3 of a list":                      {expense.V3, v4URI, func(*fake) {}, known},
		"v4 of a list":                      {expense.V4, v4URI, func(*fake) {}, known},
		"v4 of a callout, of another user":  {expense.V4, objectURI, func(f *fake) { f.owner = "11111111-2222-3333-4444-555555555555" }, expense.Owner{}},
		"v4 of a list, of another user":     {expense.V4, v4URI, func(f *fake) { f.owner = "11111111-2222-3333-4444-555555555555" }, expense.Owner{}},
		"v3 whose entries are of another":   {expense.V3, objectURI, func(f *fake) { f.entryOwner = somebodyElse }, expense.Owner{}},
		"v3 whose entries repeat the owner": {expense.V3, objectURI, func(f *fake) { f.entryOwner = strings.ToUpper(owner) }, known},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, 2)
			c.change(f)
			read, err := f.reader(t).ReadReport(ctx, c.uri, concur.ReadOptions{Via: c.via, Owner: true})
			require.NoError(t, err)
			require.Equal(t, c.want, read.Report.Owner)
		})
	}
	t.Run("and v3 is not asked for somebody's report if v1.1 names two people", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, 2)
		f.moreV1 = "<X-UserID>" + somebodyElse + "</X-UserID>"
		c := f.reader(t)
		_, err := c.ReadReport(ctx, objectURI, concur.ReadOptions{Via: expense.V3, Owner: true})
		require.ErrorIs(t, err, concur.Malformed)
		require.Zero(t, f.count("header"))
		read, err := c.ReadReport(ctx, objectURI, concur.ReadOptions{Via: expense.V1})
		require.NoError(t, err)
		require.Zero(t, read.Report.Owner)
	})
	t.Run("and no request is for an owner whom nobody asks about", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, 2)
		c := f.client(t)
		c.SetUsers(concur.Users{})
		read, err := c.ReadReport(ctx, v4URI, concur.ReadOptions{Via: expense.V4})
		require.NoError(t, err, "the directory, which knows nobody, was not asked")
		require.Zero(t, read.Report.Owner)
	})
}
