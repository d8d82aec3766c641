package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

type foundUsers struct {
	TotalResults int
	Resources    []struct{ ID, UserName, DisplayName string }
}

func (w *fixture) search(filter string) reply {
	body := `{"schemas":["` + searchSchema + `"],"attributes":["userName"],"filter":` + filter + `}`
	return w.send(http.MethodPost, usersPath+".search", body)
}

func TestUsers(t *testing.T) {
	t.Parallel()
	t.Run("a search finds the login, and for some logins others that contain it", func(t *testing.T) {
		t.Parallel()
		alone, withAnother, first := 0, 0, 0
		for seed := uint64(1); seed <= 12; seed++ {
			w := newFixture(t, func(o *options) { o.seed = seed })
			r := w.submit("r", "login: Ann@example.com")
			var found foundUsers
			w.decode(w.search(`"userName eq \"ann@example.com\""`), &found)
			require.Len(t, found.Resources, found.TotalResults)
			for i, one := range found.Resources {
				require.Empty(t, one.DisplayName, "displayName was not requested")
				if one.UserName == "Ann@example.com" {
					require.Equal(t, r.UserID, one.ID)
					first += i
				} else {
					require.Equal(t, "a.Ann@example.com", one.UserName)
				}
			}
			if found.TotalResults == 1 {
				alone++
			} else {
				withAnother++
			}
			var user struct{ ID, UserName string }
			w.get(usersPath+r.UserID, &user)
			require.Equal(t, "Ann@example.com", user.UserName)
		}
		require.Positive(t, alone)
		require.Positive(t, withAnother)
		require.Positive(t, first, "with some seeds the other user comes first")
	})
	t.Run("an unknown user is not found, and an invalid search is refused", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t)
		w.submit("r")
		var found foundUsers
		w.decode(w.search(`"userName eq \"nobody\""`), &found)
		require.Empty(t, found.Resources)
		for _, filter := range []string{`""`, `"userName"`, `"userName eq nobody"`, `"id eq \"x\""`, `1`} {
			require.Equal(t, http.StatusBadRequest, w.search(filter).status, filter)
		}
		require.Equal(t, http.StatusBadRequest, w.send(http.MethodPost, usersPath+".search", `{"schemas":[],"filter":"userName eq \"a\""}`).status)
		require.Equal(t, http.StatusNotFound, w.send(http.MethodGet, usersPath+"nobody", "").status)
	})
}

func TestListItems(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	r := w.rich("r")
	var header struct {
		CustomData []struct{ ID, Value, ListItemURL string }
	}
	w.get(long(r), &header)
	values := map[string]string{}
	for _, one := range header.CustomData {
		values[one.ID] = one.Value
		require.Equal(t, one.ID != "custom3", one.ListItemURL != "")
	}
	require.Equal(t, "plain text", values["custom3"])
	for id, want := range map[string]listItem{"custom1": {"12", "North"}, "orgUnit2": {"7-B", "Sales"}} {
		require.Regexp(t, "^[0-9A-F]{32}$", values[id])
		for _, form := range []string{values[id], dashed(values[id])} {
			var item struct {
				ID, Code, ShortCode, Value string
				IsDeleted                  bool
			}
			w.get(listItemPath+form, &item)
			require.Equal(t, want, listItem{item.ShortCode, item.Value})
			require.Equal(t, "TOP-"+want.code, item.Code)
			require.Equal(t, dashed(values[id]), item.ID)
		}
	}
	require.Equal(t, http.StatusNotFound, w.send(http.MethodGet, listItemPath+"4366A89A916F074099A971B000989A94", "").status)
	require.Equal(t, http.StatusNotFound, w.send(http.MethodGet, "/list/v4/items?id="+values["custom1"], "").status)
}
