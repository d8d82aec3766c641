package wire_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const entryURI = "https://www.concursolutions.com/api/platform/notifications/v1.0/notification/"

func failedItems(r io.Reader) (items []wire.FailedItem, err error) {
	err = wire.DecodeFailedList(r, func(item wire.FailedItem) error {
		items = append(items, item)
		return nil
	})
	return items, err
}

func TestDecodeFailedList(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"failed_list.xml", "failed_list.json"} {
		t.Run(file+" gives every entry, those that cannot be understood with the reason", func(t *testing.T) {
			t.Parallel()
			items, err := failedItems(iotest.OneByteReader(bytes.NewReader(payload(t, file))))
			require.NoError(t, err)
			require.Len(t, items, 5)
			require.Equal(t, wire.FailedItem{Notification: expense.Notification{
				Kind: expense.ReportObject, Key: "nOne$pKey", ObjectType: "EXPRPT", EventDateTime: "2026-02-03T08:15:30",
				ObjectURI:       "https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nOne$pKey",
				EventType:       "Report Entered Expense Report Workflow Step - VALIDATION",
				NotificationURI: entryURI + "nAb1$sCdE",
			}}, items[0])
			require.Empty(t, items[1].Reason)
			require.Equal(t, "EXPRPT:nTwo$pKey", items[1].Notification.ID())
			require.Equal(t, entryURI+"nAb2", items[1].Notification.NotificationURI)
			require.Equal(t, wire.FailedItem{Reason: "no ObjectURI", Notification: expense.Notification{NotificationURI: entryURI + "nAb3"}}, items[2])
			require.Equal(t, wire.FailedItem{Reason: "NotificationURI is empty", Notification: expense.Notification{
				ObjectURI: "https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nFour$pKey"}}, items[3])
			require.NotEmpty(t, items[4].Reason)
			require.Equal(t, entryURI+"nAb5", items[4].Notification.NotificationURI)
		})
	}

	t.Run("an entry that is in no list, for it is the only one", func(t *testing.T) {
		t.Parallel()
		const one = `{"Context":null,"NotificationURI":"` + entryURI + `n1","ObjectURI":"https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nOne"}`
		for _, body := range []string{one, `{"NotificationList":{"Notification":` + one + `}}`, `{"Count":1,"NotificationList":{"Notification":{"Failure":` + one + `}}}`} {
			items, err := failedItems(strings.NewReader(body))
			require.NoError(t, err, body)
			require.Len(t, items, 1, body)
			require.Equal(t, "EXPRPT:nOne", items[0].Notification.ID())
		}
		items, err := failedItems(strings.NewReader(`{"Notification":{"NotificationURI":"` + entryURI + `n1","ObjectURI":7}}`))
		require.NoError(t, err)
		require.Equal(t, "a value that is not a text", items[0].Reason)
	})

	t.Run("an empty list is empty", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{
			`<NotificationList xmlns="http://www.concursolutions.com/api/notification/2012/06"/>`, "\uFEFF<?xml version=\"1.0\"?>\n<NotificationsList></NotificationsList>",
			"[]", "null", " \n[ ]", "\uFEFF[]", `{"NotificationList":[]}`, `{"Count":0,"NotificationList":{"Notification":[]}}`,
		} {
			items, err := failedItems(strings.NewReader(body))
			require.NoError(t, err, body)
			require.Empty(t, items, body)
		}
	})

	t.Run("an entry that is no object is one that cannot be understood", func(t *testing.T) {
		t.Parallel()
		items, err := failedItems(strings.NewReader(`{"list":[null, 7, "x", [1], {"NotificationURI":"` + entryURI + `a","ObjectURI":"` + reportURI + `"}]}`))
		require.NoError(t, err)
		require.Len(t, items, 5)
		for _, item := range items[:4] {
			require.NotEmpty(t, item.Reason)
		}
		require.Empty(t, items[4].Reason)
	})

	t.Run("an entry is found wherever it stands, and read wherever its parts stand", func(t *testing.T) {
		t.Parallel()
		const uri, link = `<ObjectURI>` + reportURI + `</ObjectURI>`, `<NotificationURI>` + entryURI + `a</NotificationURI>`
		const uriJSON, linkJSON = `"ObjectURI":"` + reportURI + `"`, `"NotificationURI":"` + entryURI + `a"`
		for _, body := range []string{
			"<NotificationsList><Failure>" + uri + link + "</Failure></NotificationsList>",
			"<NotificationsList><Notification><Failure>" + uri + link + "</Failure></Notification></NotificationsList>",
			"<NotificationsList><Notification>" + link + "<Failure>" + uri + "</Failure></Notification></NotificationsList>",
			"<NotificationList><Count>1</Count><Notifications><Notification>" + uri + link + "</Notification></Notifications></NotificationList>",
			"[{" + linkJSON + `,"Failure":{` + uriJSON + "}}]",
			`[{"Failure":{` + uriJSON + "}," + linkJSON + "}]",
			`[{"Failure":null,` + uriJSON + "," + linkJSON + "}]",
			`{"Notifications":[{"Notification":{"Failure":{` + uriJSON + "," + linkJSON + "}}}]}",
		} {
			items, err := failedItems(strings.NewReader(body))
			require.NoError(t, err, body)
			require.Len(t, items, 1, body)
			require.Empty(t, items[0].Reason, body)
			require.Equal(t, "EXPRPT:nKey$p1", items[0].Notification.ID(), body)
			require.Equal(t, entryURI+"a", items[0].Notification.NotificationURI, body)
		}
	})

	t.Run("an entry that is nested without end is one that cannot be understood", func(t *testing.T) {
		t.Parallel()
		items, err := failedItems(strings.NewReader("[" + strings.Repeat(`{"Failure":`, 9000) + "{}" + strings.Repeat("}", 9000) + "]"))
		require.NoError(t, err)
		require.Equal(t, []wire.FailedItem{{Reason: "not an object"}}, items)
	})

	t.Run("two ObjectURIs are one too many, in JSON as in XML", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{
			`[{"NotificationURI":"` + entryURI + `a","ObjectURI":"` + reportURI + `","objectUri":"` + reportURI + `2"}]`,
			`<NotificationList><Notification><NotificationURI>` + entryURI + `a</NotificationURI>` + withURI + withURI + `</Notification></NotificationList>`,
		} {
			items, err := failedItems(strings.NewReader(body))
			require.NoError(t, err)
			require.Equal(t, "more than one ObjectURI", items[0].Reason)
		}
	})

	t.Run("what is no list is an error", func(t *testing.T) {
		t.Parallel()
		for body, why := range map[string]string{
			"":                                "empty",
			" \n":                             "empty",
			"hello":                           "neither XML nor JSON",
			"<html></html>":                   "the root element is not NotificationList",
			"<NotificationList>":              "ends before",
			"<NotificationList/><x/>":         "follows the end",
			"<!DOCTYPE x><NotificationList/>": "document type",
			"[":                               "ends before",
			`[{"ObjectURI":"x"}`:              "ends before",
			"[] []":                           "follows the end",
			"{}":                              "no list",
			`{"error":"x"}`:                   "no list",
			`{"a":[],"b":[]}`:                 "more than one list",
			"[}":                              "JSON",
			strings.Repeat(`{"a":`, 50):       "deeper than",
		} {
			_, err := failedItems(strings.NewReader(body))
			require.ErrorContains(t, err, why, body)
		}
	})

	t.Run("an error of the receiver stops the list and comes back as it is", func(t *testing.T) {
		t.Parallel()
		enough, calls := errors.New("enough"), 0
		for _, file := range []string{"failed_list.xml", "failed_list.json"} {
			err := wire.DecodeFailedList(bytes.NewReader(payload(t, file)), func(wire.FailedItem) error {
				calls++
				return enough
			})
			require.Equal(t, enough, err)
		}
		require.Equal(t, 2, calls)
	})

	t.Run("an entry is handed over before the list has come to its end", func(t *testing.T) {
		t.Parallel()
		r, w := io.Pipe()
		got := make(chan wire.FailedItem)
		go func() {
			_ = wire.DecodeFailedList(r, func(item wire.FailedItem) error {
				got <- item
				return nil
			})
		}()
		go func() {
			_, _ = io.WriteString(w, `[{"NotificationURI":"`+entryURI+`a","ObjectURI":"`+reportURI+`"},`)
		}()
		require.Equal(t, "EXPRPT:nKey$p1", (<-got).Notification.ID())
		require.NoError(t, w.Close())
	})
}

func FuzzDecodeFailedList(f *testing.F) {
	f.Add(payload(f, "failed_list.xml"))
	f.Add(payload(f, "failed_list.json"))
	f.Add([]byte(`{"a":{"b":[{"Failure":{"ObjectURI":null}}]}}`))
	f.Add([]byte(strings.Repeat(`[`, 40)))
	f.Fuzz(func(t *testing.T, body []byte) {
		items, err := failedItems(bytes.NewReader(body))
		for _, item := range items {
			require.True(t, err != nil || utf8.ValidString(item.Reason+item.Notification.EventType))
			if item.Reason != "" {
				require.Empty(t, item.Notification.Key)
				continue
			}
			kind, key, err := expense.Identify(item.Notification.ObjectURI)
			require.NoError(t, err)
			require.Equal(t, expense.Notification{Kind: kind, Key: key}.ID(), item.Notification.ID())
			require.NotEmpty(t, item.Notification.NotificationURI)
		}
	})
}
