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

// refusedWrites are all writes of all interfaces, each to a report that waits. The next read
// shows that the report has moved, or that it is unchanged.
var refusedWrites = map[string]struct {
	house func(t *testing.T, moved bool) *fakeConcur
	asks  string // the name of the write's request
	write func(t *testing.T, h *fakeConcur) (expense.ReportState, error)
}{
	"an action of v1.1": {
		houseV1, "act",
		func(t *testing.T, h *fakeConcur) (expense.ReportState, error) {
			got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
			return got.ReportState, err
		},
	},
	"exceptions of v1.1": {
		houseV1, "post",
		func(t *testing.T, h *fakeConcur) (expense.ReportState, error) {
			got, err := run[expense.PostedExceptions](t, attempt{}, h.activities(t).PostExceptions, exceptions(onReport))
			return got.ReportState, err
		},
	},
	"an exception of v1.1 that approves": {
		houseV1, "post",
		func(t *testing.T, h *fakeConcur) (expense.ReportState, error) {
			in := expense.ApproveByExceptionInput{TakeActionInput: action(expense.Approve), Code: "APPROVED"}
			got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).ApproveByException, in)
			return got.ReportState, err
		},
	},
	"an approval of v4": {
		func(t *testing.T, moved bool) *fakeConcur { return houseV4(t, moved, "A_RESU").fakeConcur }, "approve",
		func(t *testing.T, h *fakeConcur) (expense.ReportState, error) {
			got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, actionV4(expense.Approve))
			return got.ReportState, err
		},
	},
	"a send-back of v4": {
		func(t *testing.T, moved bool) *fakeConcur { return houseV4(t, moved, "A_RESU").fakeConcur }, "send back",
		func(t *testing.T, h *fakeConcur) (expense.ReportState, error) {
			got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, actionV4(expense.SendBack))
			return got.ReportState, err
		},
	},
	"an exception of v4": {
		func(t *testing.T, moved bool) *fakeConcur { return houseV4(t, moved, "A_RESU").fakeConcur }, "put",
		func(t *testing.T, h *fakeConcur) (expense.ReportState, error) {
			got, err := run[expense.PostedExceptions](t, attempt{}, h.activities(t).PostExceptions, exceptionsV4(onReport))
			return got.ReportState, err
		},
	},
	"an exception of v4 that is deleted": {
		func(t *testing.T, moved bool) *fakeConcur {
			n := houseV4(t, moved, "A_RESU")
			n.existing = []expense.ExistingException{existingOn(expense.OnReport, "", "LATE")}
			return n.fakeConcur
		}, "delete exception",
		func(t *testing.T, h *fakeConcur) (expense.ReportState, error) {
			got, err := run[expense.DeletedExceptions](t, attempt{}, h.activities(t).DeleteExceptions, deleteInput(existingOn(expense.OnReport, "", "LATE")))
			return got.ReportState, err
		},
	},
	"an action on a travel request": {
		func(t *testing.T, moved bool) *fakeConcur { return houseV4(t, moved, "SENTBACK").fakeConcur }, "approve request",
		func(t *testing.T, h *fakeConcur) (expense.ReportState, error) {
			got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, actionOnRequest(expense.Approve))
			return got.ReportState, err
		},
	},
}

func houseV1(t *testing.T, moved bool) *fakeConcur {
	if moved {
		return newFakeConcur(t, waiting(), page{Status: "A_RESU"})
	}
	return newFakeConcur(t, waiting())
}

func houseV4(t *testing.T, moved bool, to string) *fakeV4 {
	if moved {
		return newFakeV4(t, headerState{}, headerState{Status: to})
	}
	return newFakeV4(t, headerState{})
}

func TestEachRefusedWriteIsExplainedByAnotherRead(t *testing.T) {
	t.Parallel()
	for name, c := range refusedWrites {
		for _, status := range []int{400, 401, 403, 404, 405, 409, 410, 422} {
			if status == 404 && c.asks == "delete exception" {
				continue // what is not there is off
			}
			t.Run(fmt.Sprintf("%s, with %d", name, status), func(t *testing.T) {
				t.Parallel()
				h := c.house(t, true).on(c.asks, respond(status, `{"errorMessage":"Caller cannot modify System workflow step","httpStatus":"x"}`))
				reading, err := c.write(t, h)
				require.NoError(t, err)
				require.Equal(t, expense.NotWaiting, reading.Kind)
				writes := 1
				if status == 401 {
					writes = 2 // after one refresh of the access token, as before
				}
				require.Equal(t, writes, count(h.requestNames(), c.asks), "it is not sent again")
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

func TestForbiddenWriteIsRepeatedOnceIfTheTokenHadEnded(t *testing.T) {
	t.Parallel()
	once := func(h *fakeConcur, name string, times int, then http.HandlerFunc) {
		h.on(name, func(w http.ResponseWriter, r *http.Request) {
			if times--; times >= 0 {
				respond(http.StatusForbidden, "<Error><Message>The token has expired.</Message></Error>")(w, r)
				return
			}
			then(w, r)
		})
	}
	shown := func(p page) http.HandlerFunc { return respond(http.StatusOK, p.xml()) }
	// reads answers the first read, forbids the second, and answers the others.
	reads := func(h *fakeConcur, later page) {
		n := 0
		h.on("read", func(w http.ResponseWriter, r *http.Request) {
			switch n++; n {
			case 1:
				shown(waiting())(w, r)
			case 2:
				respond(http.StatusForbidden, "<Error><Message>The token has expired.</Message></Error>")(w, r)
			default:
				shown(later)(w, r)
			}
		})
	}
	t.Run("an action", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t)
		reads(h, waiting())
		once(h, "act", 1, respond(http.StatusOK, success))
		got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
		require.NoError(t, err)
		require.Empty(t, got.Kind)
		require.Equal(t, []string{"read", "act", "read", "read", "act"}, h.requestNames())
	})
	t.Run("exceptions whose flag was up before", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t)
		reads(h, waiting())
		once(h, "post", 1, respond(http.StatusOK, result(1, 0, "")))
		in := exceptions(onReport)
		in.Flags = expense.Flags{Report: true}
		got, err := run[expense.PostedExceptions](t, attempt{}, h.activities(t).PostExceptions, in)
		require.NoError(t, err)
		require.Equal(t, expense.Posted, got.Items[0].State)
	})
	t.Run("not when the report was changed", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t)
		reads(h, page{Status: "A_EXTV", Step: stepOne, Purpose: "another"})
		once(h, "act", 1, respond(http.StatusOK, success))
		in := action(expense.Approve)
		got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, in)
		require.NoError(t, err)
		require.True(t, got.MayHaveMoved)
		require.Equal(t, 1, count(h.requestNames(), "act"))
	})
	t.Run("once at most", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t)
		reads(h, waiting())
		once(h, "act", 9, nil)
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
		require.True(t, failed(t, err, expense.Forbidden).NonRetryable())
		require.Equal(t, 2, count(h.requestNames(), "act"))
	})
	t.Run("not when the token is good", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting())
		once(h, "act", 9, nil)
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
		require.True(t, failed(t, err, expense.Forbidden).NonRetryable())
		require.Equal(t, []string{"read", "act", "read"}, h.requestNames())
	})
	t.Run("a delete", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t)
		once(h, "delete", 1, respond(http.StatusOK, ""))
		once(h, "list", 1, respond(http.StatusOK, listOf(entryURI)))
		_, err := run[expense.DeletedNotification](t, attempt{}, h.activities(t).DeleteNotification, expense.DeleteNotificationInput{NotificationURI: entryURI})
		require.NoError(t, err)
		require.Equal(t, []string{"delete", "list", "list", "delete"}, h.requestNames())
	})
}

func TestForbiddenWriteIsRepeatedOnceIfANewTokenHasANewScope(t *testing.T) {
	t.Parallel()
	// grants answers the first token request with the scopes before and every later one with the
	// scopes after. Until a token has the scope "granted", the write is forbidden.
	grants := func(h *fakeConcur, write, before, after string) (issued func() int) {
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
			respond(http.StatusOK, fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_in":3600,"refresh_token":"r","geolocation":%q,"scope":%q}`, bearer, h.URL, scopes()))(w, r)
		})
		allowed := h.answers[write]
		h.on(write, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case !strings.Contains(scopes(), "granted"):
				respond(http.StatusForbidden, `{"errorMessage":"Access denied"}`)(w, r)
			case allowed != nil:
				allowed(w, r)
			case write == "post":
				respond(http.StatusOK, result(1, 0, ""))(w, r)
			default:
				respond(http.StatusOK, success)(w, r)
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
			seen := h.requestNames()
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
				require.Equal(t, 1, count(h.requestNames(), c.asks))
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
			require.Equal(t, 1, count(h.requestNames(), c.asks))
			require.Equal(t, 1, issued(), "nothing is renewed for a report that was merely recalled")
		})
	}
	t.Run("a delete", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t).on("list", respond(http.StatusOK, listOf(entryURI)))
		issued := grants(h, "delete", "NOTIF", "NOTIF granted")
		_, err := run[expense.DeletedNotification](t, attempt{}, h.activities(t).DeleteNotification, expense.DeleteNotificationInput{NotificationURI: entryURI})
		require.NoError(t, err)
		require.Equal(t, []string{"delete", "list", "delete"}, h.requestNames())
		require.Equal(t, 2, issued())
	})
	t.Run("not when the report is changed while the token is renewed", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting(), waiting(), page{Status: "A_EXTV", Step: stepOne, Purpose: "another"})
		grants(h, "act", "EXPRPT", "EXPRPT granted")
		got, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
		require.NoError(t, err)
		require.True(t, got.MayHaveMoved)
		require.Equal(t, []string{"read", "act", "read", "read"}, h.requestNames())
	})
	t.Run("not when the token endpoint is away: the refusal stands", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t, waiting())
		h.on("act", func(w http.ResponseWriter, r *http.Request) {
			h.on("token", respond(http.StatusServiceUnavailable, ""))
			respond(http.StatusForbidden, `{"errorMessage":"Access denied"}`)(w, r)
		})
		_, err := run[expense.ActionTaken](t, attempt{}, h.activities(t).TakeAction, action(expense.Approve))
		require.True(t, failed(t, err, expense.Forbidden).NonRetryable())
		require.Equal(t, []string{"read", "act", "read"}, h.requestNames())
	})
}

// listOf prints a failed list with these entries.
func listOf(uris ...string) string {
	list := `<NotificationList xmlns="http://www.concursolutions.com/api/notification/2012/06">`
	for _, uri := range uris {
		list += `<Notification><EventType>SUBMIT</EventType><ObjectType>EXPRPT</ObjectType><ObjectURI>` + escaped(objectURI) + `</ObjectURI><NotificationURI>` + escaped(uri) + `</NotificationURI></Notification>`
	}
	return list + `</NotificationList>`
}

func TestRefusedDeleteSucceedsIfTheEntryIsGone(t *testing.T) {
	t.Parallel()
	input := expense.DeleteNotificationInput{NotificationURI: entryURI}
	other := host + entriesAPI + "/nEntry$8"
	for _, status := range []int{400, 403, 405, 409, 410} {
		refusal := respond(status, "<Error><Message>The request is malformed.</Message></Error>")
		t.Run(fmt.Sprint("gone, with ", status), func(t *testing.T) {
			t.Parallel()
			for _, list := range []string{listOf(other), listOf(), "[]"} {
				h := newFakeConcur(t).on("delete", refusal).on("list", respond(http.StatusOK, list))
				_, err := run[expense.DeletedNotification](t, attempt{}, h.activities(t).DeleteNotification, input)
				require.NoError(t, err)
				require.Equal(t, "delete", h.requestNames()[0])
			}
		})
		t.Run(fmt.Sprint("listed still, with ", status), func(t *testing.T) {
			t.Parallel()
			for _, uri := range []string{entryURI, "http://eu2.api.concursolutions.com" + entriesAPI + "/nEntry$9"} {
				h := newFakeConcur(t).on("delete", refusal).on("list", respond(http.StatusOK, listOf(other, uri)))
				_, err := run[expense.DeletedNotification](t, attempt{}, h.activities(t).DeleteNotification, input)
				want := expense.Rejected
				if status == 403 {
					want = expense.Forbidden
				}
				require.True(t, failed(t, err, want).NonRetryable())
			}
		})
	}
	t.Run("a failed list is retried", func(t *testing.T) {
		t.Parallel()
		h := newFakeConcur(t).on("delete", respond(http.StatusBadRequest, "")).on("list", respond(http.StatusBadGateway, ""))
		_, err := run[expense.DeletedNotification](t, attempt{}, h.activities(t).DeleteNotification, input)
		require.False(t, failed(t, err, expense.Unavailable).NonRetryable())
	})
}

func TestExceptionThatIsGoneCountsAsDeleted(t *testing.T) {
	t.Parallel()
	n := newFakeV4(t)
	n.existing = []expense.ExistingException{existingOn(expense.OnReport, "", "LATE")}
	n.on("delete exception", func(w http.ResponseWriter, r *http.Request) {
		n.fakeConcur.on("exceptions", respond(http.StatusOK, "[]"))
		respond(http.StatusBadRequest, `{"errorMessage":"The exception cannot be deleted."}`)(w, r)
	})
	got := deleteExceptions(t, n.activities(t), existingOn(expense.OnReport, "", "LATE"))
	require.Len(t, got.Deleted, 1)
	require.Empty(t, got.NotDeleted)
}

func TestLastingGatewayAnswerParksTheRun(t *testing.T) {
	t.Parallel()
	page := respond(http.StatusForbidden, "<!DOCTYPE html><html><body>kim@example.com</body></html>")
	for number, parked := range map[int32]bool{1: false, 9: false, 10: true, 11: true} {
		t.Run(fmt.Sprint("attempt ", number), func(t *testing.T) {
			t.Parallel()
			h := newFakeConcur(t, waiting()).on("act", page)
			_, err := run[expense.ActionTaken](t, attempt{number: number}, h.activities(t).TakeAction, action(expense.Approve))
			e := failed(t, err, expense.OutcomeUnknown)
			require.Equal(t, parked, e.NonRetryable())
			require.NotContains(t, e.Error(), "kim")

			for _, endpoint := range []string{"read", "token"} {
				h := newFakeConcur(t, waiting()).on(endpoint, page)
				_, err := run[expense.FetchedReport](t, attempt{number: number}, h.activities(t).FetchReport, readInput())
				e := failed(t, err, expense.Unavailable)
				require.Equal(t, parked, e.NonRetryable(), endpoint)
				require.Contains(t, e.Message(), "a web page was answered")
				require.NotContains(t, e.Error(), "kim")
			}
			h = newFakeConcur(t, waiting()).on("read", respond(http.StatusServiceUnavailable, "<html></html>"))
			_, err = run[expense.FetchedReport](t, attempt{number: number}, h.activities(t).FetchReport, readInput())
			require.False(t, failed(t, err, expense.Unavailable).NonRetryable(), "an outage that passes is waited for")
		})
	}
}

func TestFailedWriteCarriesTheFixOfItsCode(t *testing.T) {
	t.Parallel()
	n := newFakeV4(t)
	n.on("approve", refusedV4("approver_cum_reportowner"))
	_, err := run[expense.ActionTaken](t, attempt{}, n.activities(t).TakeAction, actionV4(expense.Approve))
	var detail expense.FailedWrite
	require.NoError(t, failed(t, err, expense.NoApprover).Details(&detail))
	require.Contains(t, detail.Fix, "owner")
}
