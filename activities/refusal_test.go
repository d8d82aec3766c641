package activities_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
)

// refusedWrites are every write of every interface, each at a report that waits. The next read
// shows it elsewhere when it has moved, and otherwise as it was.
var refusedWrites = map[string]struct {
	house func(t *testing.T, moved bool) *house
	asks  string // the name of the write's request
	write func(t *testing.T, h *house) (expense.ReportState, error)
}{
	"an action of v1.1": {
		houseV1, "act",
		func(t *testing.T, h *house) (expense.ReportState, error) {
			got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
			return got.ReportState, err
		},
	},
	"exceptions of v1.1": {
		houseV1, "post",
		func(t *testing.T, h *house) (expense.ReportState, error) {
			got, err := run[expense.PostedExceptions](t, attempt{}, h.activities(t).PostExceptions, exceptions(onReport))
			return got.ReportState, err
		},
	},
	"an exception of v1.1 that passes a report on": {
		houseV1, "post",
		func(t *testing.T, h *house) (expense.ReportState, error) {
			in := expense.ApproveByExceptionInput{TakeActionInput: action(expense.Approve), Code: "APPROVED"}
			got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).ApproveByException, in)
			return got.ReportState, err
		},
	},
	"an approval of v4": {
		func(t *testing.T, moved bool) *house { return houseV4(t, moved, "A_RESU").house }, "approve",
		func(t *testing.T, h *house) (expense.ReportState, error) {
			got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, actionV4(expense.Approve))
			return got.ReportState, err
		},
	},
	"a send-back of v4": {
		func(t *testing.T, moved bool) *house { return houseV4(t, moved, "A_RESU").house }, "send back",
		func(t *testing.T, h *house) (expense.ReportState, error) {
			got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, actionV4(expense.SendBack))
			return got.ReportState, err
		},
	},
	"an exception of v4": {
		func(t *testing.T, moved bool) *house { return houseV4(t, moved, "A_RESU").house }, "put",
		func(t *testing.T, h *house) (expense.ReportState, error) {
			got, err := run[expense.PostedExceptions](t, attempt{}, h.activities(t).PostExceptions, exceptionsV4(onReport))
			return got.ReportState, err
		},
	},
	"an exception of v4 that is taken off": {
		func(t *testing.T, moved bool) *house {
			n := houseV4(t, moved, "A_RESU")
			n.held = []expense.ExistingException{heldOn(expense.OnReport, "", "LATE")}
			return n.house
		}, "take off",
		func(t *testing.T, h *house) (expense.ReportState, error) {
			got, err := run[expense.DeletedExceptions](t, attempt{}, h.activities(t).DeleteExceptions, clearing(heldOn(expense.OnReport, "", "LATE")))
			return got.ReportState, err
		},
	},
	"an action on a travel request": {
		func(t *testing.T, moved bool) *house { return houseV4(t, moved, "SENTBACK").house }, "approve request",
		func(t *testing.T, h *house) (expense.ReportState, error) {
			got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, actionOnRequest(expense.Approve))
			return got.ReportState, err
		},
	},
}

func houseV1(t *testing.T, moved bool) *house {
	if moved {
		return newHouse(t, waiting(), page{Status: "A_RESU"})
	}
	return newHouse(t, waiting())
}

func houseV4(t *testing.T, moved bool, to string) *newer {
	if moved {
		return newNewer(t, look{}, look{Status: to})
	}
	return newNewer(t, look{})
}

func TestEveryRefusedWriteIsExplainedByAnotherRead(t *testing.T) {
	t.Parallel()
	for name, c := range refusedWrites {
		for _, status := range []int{400, 401, 403, 404, 405, 409, 410, 422} {
			if status == 404 && c.asks == "take off" {
				continue // what is not there is off
			}
			t.Run(fmt.Sprintf("%s, with %d", name, status), func(t *testing.T) {
				t.Parallel()
				h := c.house(t, true).on(c.asks, says(status, `{"errorMessage":"Caller cannot modify System workflow step","httpStatus":"x"}`))
				reading, err := c.write(t, h)
				require.NoError(t, err)
				require.Equal(t, expense.NotWaiting, reading.Kind)
				writes := 1
				if status == 401 {
					writes = 2 // after one refresh of the access token, as before
				}
				require.Equal(t, writes, count(h.seen(), c.asks), "it is not sent again")
			})
		}
	}
}

func count(names []string, name string) (n int) {
	for _, one := range names {
		if one == name {
			n++
		}
	}
	return n
}

func TestAForbiddenWriteIsSentOnceMoreWhenTheTokenHadEnded(t *testing.T) {
	t.Parallel()
	once := func(h *house, name string, times int, then http.HandlerFunc) {
		h.on(name, func(w http.ResponseWriter, r *http.Request) {
			if times--; times >= 0 {
				says(http.StatusForbidden, "<Error><Message>The token has expired.</Message></Error>")(w, r)
				return
			}
			then(w, r)
		})
	}
	shown := func(p page) http.HandlerFunc { return says(http.StatusOK, p.xml()) }
	// reads answers the first read, forbids the second, and answers the others.
	reads := func(h *house, later page) {
		n := 0
		h.on("read", func(w http.ResponseWriter, r *http.Request) {
			switch n++; n {
			case 1:
				shown(waiting())(w, r)
			case 2:
				says(http.StatusForbidden, "<Error><Message>The token has expired.</Message></Error>")(w, r)
			default:
				shown(later)(w, r)
			}
		})
	}
	t.Run("an action", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		reads(h, waiting())
		once(h, "act", 1, says(http.StatusOK, success))
		got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
		require.NoError(t, err)
		require.Empty(t, got.Kind)
		require.Equal(t, []string{"read", "act", "read", "read", "act"}, h.seen())
	})
	t.Run("exceptions, though their flag was up before", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		reads(h, waiting())
		once(h, "post", 1, says(http.StatusOK, result(1, 0, "")))
		in := exceptions(onReport)
		in.Flags = expense.Flags{Report: true}
		got, err := run[expense.PostedExceptions](t, attempt{}, h.activities(t).PostExceptions, in)
		require.NoError(t, err)
		require.Equal(t, expense.Posted, got.Items[0].State)
	})
	t.Run("not when the report was changed meanwhile", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		reads(h, page{Status: "A_EXTV", Step: stepOne, Purpose: "another"})
		once(h, "act", 1, says(http.StatusOK, success))
		in := action(expense.Approve)
		got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, in)
		require.NoError(t, err)
		require.True(t, got.MayHaveMoved)
		require.Equal(t, 1, count(h.seen(), "act"))
	})
	t.Run("and no more than once", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		reads(h, waiting())
		once(h, "act", 9, nil)
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
		require.True(t, failed(t, err, expense.Forbidden).NonRetryable())
		require.Equal(t, 2, count(h.seen(), "act"))
	})
	t.Run("not when the token is good", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, waiting())
		once(h, "act", 9, nil)
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
		require.True(t, failed(t, err, expense.Forbidden).NonRetryable())
		require.Equal(t, []string{"read", "act", "read"}, h.seen())
	})
	t.Run("a delete", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		once(h, "delete", 1, says(http.StatusOK, ""))
		once(h, "list", 1, says(http.StatusOK, listOf(entryURI)))
		_, err := run[expense.DeletedNotification](t, attempt{}, h.activities(t).DeleteNotification, expense.DeleteNotificationInput{NotificationURI: entryURI})
		require.NoError(t, err)
		require.Equal(t, []string{"delete", "list", "list", "delete"}, h.seen())
	})
}

func TestAForbiddenWriteIsSentOnceMoreWhenANewTokenHasANewScope(t *testing.T) {
	t.Parallel()
	// grants answers the first token request with the scopes before and every later one with the
	// scopes after. Until a token has the scope "granted", the write is forbidden.
	grants := func(h *house, write, before, after string) (issued func() int) {
		var count atomic.Int32
		scopes := func() string {
			if count.Load() < 2 {
				return before
			}
			return after
		}
		h.on("token", func(w http.ResponseWriter, r *http.Request) {
			count.Add(1)
			w.Header().Set("Content-Type", "application/json")
			says(http.StatusOK, fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_in":3600,"refresh_token":"r","geolocation":%q,"scope":%q}`, bearer, h.URL, scopes()))(w, r)
		})
		allowed := h.answers[write]
		h.on(write, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case !strings.Contains(scopes(), "granted"):
				says(http.StatusForbidden, `{"errorMessage":"Access denied"}`)(w, r)
			case allowed != nil:
				allowed(w, r)
			case write == "post":
				says(http.StatusOK, result(1, 0, ""))(w, r)
			default:
				says(http.StatusOK, success)(w, r)
			}
		})
		return func() int { return int(count.Load()) }
	}
	for name, c := range refusedWrites {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := c.house(t, false)
			issued := grants(h, c.asks, "EXPRPT", "EXPRPT granted")
			_, err := c.write(t, h)
			require.NoError(t, err)
			require.Equal(t, 2, issued())
			seen := h.seen()
			at := slices.Index(seen, c.asks)
			require.Equal(t, 2, count(seen, c.asks))
			require.NotEqual(t, c.asks, seen[at+1], "it is read again in between")
		})
		for why, scopes := range map[string][2]string{
			"the scopes are the same":         {"EXPRPT NOTIF", "NOTIF EXPRPT"},
			"a scope is taken away":           {"EXPRPT NOTIF", "EXPRPT"},
			"Concur never tells the scopes":   {"", ""},
			"Concur did not tell them before": {"", "EXPRPT NOTIF"},
			"Concur does not tell them now":   {"EXPRPT NOTIF", ""},
		} {
			t.Run(name+", not when "+why, func(t *testing.T) {
				t.Parallel()
				h := c.house(t, false)
				issued := grants(h, c.asks, scopes[0], scopes[1])
				_, err := c.write(t, h)
				require.True(t, failed(t, err, expense.Forbidden).NonRetryable())
				require.Equal(t, 1, count(h.seen(), c.asks))
				require.Equal(t, 2, issued(), "the next attempt has a new token all the same")
			})
		}
		t.Run(name+", not when the report has moved", func(t *testing.T) {
			t.Parallel()
			h := c.house(t, true)
			issued := grants(h, c.asks, "EXPRPT", "EXPRPT granted")
			reading, err := c.write(t, h)
			require.NoError(t, err)
			require.Equal(t, expense.NotWaiting, reading.Kind)
			require.Equal(t, 1, count(h.seen(), c.asks))
			require.Equal(t, 1, issued(), "nothing is renewed for a report that was merely recalled")
		})
	}
	t.Run("a delete", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t).on("list", says(http.StatusOK, listOf(entryURI)))
		issued := grants(h, "delete", "NOTIF", "NOTIF granted")
		_, err := run[expense.DeletedNotification](t, attempt{}, h.activities(t).DeleteNotification, expense.DeleteNotificationInput{NotificationURI: entryURI})
		require.NoError(t, err)
		require.Equal(t, []string{"delete", "list", "delete"}, h.seen())
		require.Equal(t, 2, issued())
	})
	t.Run("not when the report is changed while the token is renewed", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, waiting(), waiting(), page{Status: "A_EXTV", Step: stepOne, Purpose: "another"})
		grants(h, "act", "EXPRPT", "EXPRPT granted")
		got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
		require.NoError(t, err)
		require.True(t, got.MayHaveMoved)
		require.Equal(t, []string{"read", "act", "read", "read"}, h.seen())
	})
	t.Run("not when the token endpoint is away: the refusal stands", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, waiting())
		h.on("act", func(w http.ResponseWriter, r *http.Request) {
			h.on("token", says(http.StatusServiceUnavailable, ""))
			says(http.StatusForbidden, `{"errorMessage":"Access denied"}`)(w, r)
		})
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
		require.True(t, failed(t, err, expense.Forbidden).NonRetryable())
		require.Equal(t, []string{"read", "act", "read"}, h.seen())
	})
}

// listOf is a failed list with these entries.
func listOf(uris ...string) string {
	list := `<NotificationList xmlns="http://www.concursolutions.com/api/notification/2012/06">`
	for _, uri := range uris {
		list += `<Notification><EventType>SUBMIT</EventType><ObjectType>EXPRPT</ObjectType><ObjectURI>` + escaped(objectURI) + `</ObjectURI><NotificationURI>` + escaped(uri) + `</NotificationURI></Notification>`
	}
	return list + `</NotificationList>`
}

func TestARefusedDeleteIsDoneWhenTheListDoesNotShowTheEntry(t *testing.T) {
	t.Parallel()
	input := expense.DeleteNotificationInput{NotificationURI: entryURI}
	other := host + entriesAPI + "/nEntry$8"
	for _, status := range []int{400, 403, 405, 409, 410} {
		refusal := says(status, "<Error><Message>The request is malformed.</Message></Error>")
		t.Run(fmt.Sprint("gone, with ", status), func(t *testing.T) {
			t.Parallel()
			for _, list := range []string{listOf(other), listOf(), "[]"} {
				h := newHouse(t).on("delete", refusal).on("list", says(http.StatusOK, list))
				_, err := run[expense.DeletedNotification](t, attempt{}, h.activities(t).DeleteNotification, input)
				require.NoError(t, err)
				require.Equal(t, "delete", h.seen()[0])
			}
		})
		t.Run(fmt.Sprint("listed still, with ", status), func(t *testing.T) {
			t.Parallel()
			for _, uri := range []string{entryURI, "http://eu2.api.concursolutions.com" + entriesAPI + "/nEntry$9"} {
				h := newHouse(t).on("delete", refusal).on("list", says(http.StatusOK, listOf(other, uri)))
				_, err := run[expense.DeletedNotification](t, attempt{}, h.activities(t).DeleteNotification, input)
				want := expense.Rejected
				if status == 403 {
					want = expense.Forbidden
				}
				require.True(t, failed(t, err, want).NonRetryable())
			}
		})
	}
	t.Run("a list that does not come now is asked for again", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t).on("delete", says(http.StatusBadRequest, "")).on("list", says(http.StatusBadGateway, ""))
		_, err := run[expense.DeletedNotification](t, attempt{}, h.activities(t).DeleteNotification, input)
		require.False(t, failed(t, err, expense.Unavailable).NonRetryable())
	})
}

func TestAnExceptionThatIsGoneIsOffWhateverConcurSays(t *testing.T) {
	t.Parallel()
	n := newNewer(t)
	n.held = []expense.ExistingException{heldOn(expense.OnReport, "", "LATE")}
	n.on("take off", func(w http.ResponseWriter, r *http.Request) {
		n.house.on("exceptions", says(http.StatusOK, "[]"))
		says(http.StatusBadRequest, `{"errorMessage":"The exception cannot be deleted."}`)(w, r)
	})
	got := takeOff(t, n.activities(t), heldOn(expense.OnReport, "", "LATE"))
	require.Len(t, got.Deleted, 1)
	require.Empty(t, got.NotDeleted)
}

func TestAGatewayThatAnswersForEverIsToldToAPerson(t *testing.T) {
	t.Parallel()
	page := says(http.StatusForbidden, "<!DOCTYPE html><html><body>kim@example.com</body></html>")
	for number, parked := range map[int32]bool{1: false, 9: false, 10: true, 11: true} {
		t.Run(fmt.Sprint("attempt ", number), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, waiting()).on("act", page)
			_, err := run[expense.ActionTaken](t, attempt{number: number}, h.activities(t).TakeAction, action(expense.Approve))
			e := failed(t, err, expense.OutcomeUnknown)
			require.Equal(t, parked, e.NonRetryable())
			require.NotContains(t, e.Error(), "kim")

			for _, endpoint := range []string{"read", "token"} {
				h := newHouse(t, waiting()).on(endpoint, page)
				_, err := run[expense.FetchedReport](t, attempt{number: number}, h.activities(t).FetchReport, readInput())
				e := failed(t, err, expense.Unavailable)
				require.Equal(t, parked, e.NonRetryable(), endpoint)
				require.Contains(t, e.Message(), "a web page was answered")
				require.NotContains(t, e.Error(), "kim")
			}
			h = newHouse(t, waiting()).on("read", says(http.StatusServiceUnavailable, "<html></html>"))
			_, err = run[expense.FetchedReport](t, attempt{number: number}, h.activities(t).FetchReport, readInput())
			require.False(t, failed(t, err, expense.Unavailable).NonRetryable(), "an outage that passes is waited for")
		})
	}
}

func TestTheAdviceOfACodeTravelsWithTheError(t *testing.T) {
	t.Parallel()
	n := newNewer(t)
	n.on("approve", refusedV4("approver_cum_reportowner"))
	_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionV4(expense.Approve))
	var told expense.FailedWrite
	require.NoError(t, failed(t, err, expense.NoApprover).Details(&told))
	require.Contains(t, told.Fix, "owner")
}
