package concur_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/expense"
)

const (
	userLogin = "Jo.Doe@example.com"
	userID    = "3df11695-e8bb-40ff-8e98-c85913ab2789"
)

// people answers a search with these users, and each by the id.
func people(t *testing.T, users string) *server {
	t.Helper()
	return newServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/profile/identity/v4.1/Users/.search" {
			fmt.Fprintf(w, `{"totalResults": 9, "Resources": [%s]}`, users)
			return
		}
		fmt.Fprintf(w, `{"id": %q, "userName": %q, "name": {"familyName": "Doe", "givenName": "Jo"}}`, userID, userLogin)
	})
}

func user(id, login string) string { return fmt.Sprintf(`{"id": %q, "userName": %q}`, id, login) }

func TestUserID(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	t.Run("the user with exactly that login is found, and remembered", func(t *testing.T) {
		t.Parallel()
		s := people(t, user("other-1", "Jo.Doe@example.com.evil")+","+user(userID, "jo.doe@EXAMPLE.com")+","+user(strings.ToUpper(userID), userLogin))
		client := s.client(t, func(o *concur.Options) { o.ReadOnly = true })
		for range 3 {
			id, err := client.UserID(ctx, userLogin)
			require.NoError(t, err)
			require.Equal(t, userID, id)
		}
		_, err := client.UserID(ctx, strings.ToUpper(userLogin))
		require.NoError(t, err)
		require.Len(t, s.requests, 1, "once for all of them")
		require.Equal(t, http.MethodPost, s.requests[0].Method)
		require.Equal(t, "application/json", s.requests[0].Header.Get("Content-Type"))
		var sent struct{ Filter string }
		require.NoError(t, json.Unmarshal([]byte(s.bodies[0]), &sent))
		require.Equal(t, `userName eq "Jo.Doe@example.com"`, sent.Filter)
	})
	for name, c := range map[string]struct {
		users string
		kind  expense.Kind
	}{
		"nobody":                    {"", concur.NotFound},
		"somebody else":             {user(userID, "jo.doe@example.co"), concur.NotFound},
		"a look-alike":              {user(userID, "jo.doe@example.ſom"), concur.NotFound},
		"two of one login":          {user("a-1", userLogin) + "," + user("a-2", userLogin), concur.Rejected},
		"a user without an id":      {user("", userLogin), concur.Malformed},
		"an id that leads away":     {user("../x", userLogin), concur.Malformed},
		"users without their login": {`{"id": "a-1"}, {"id": "a-2"}`, concur.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := people(t, c.users)
			client := s.client(t)
			for range 2 {
				_, err := client.UserID(ctx, userLogin)
				require.ErrorIs(t, err, c.kind)
				require.NotContains(t, strings.ToLower(err.Error()), "jo.doe")
			}
			require.Len(t, s.requests, 2, "an error is not remembered")
		})
	}
	t.Run("more than one page leaves open who it is", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(200, "application/json", `{"Resources": [`+user(userID, userLogin)+`], "continuationToken": "x"}`))
		_, err := s.client(t).UserID(ctx, userLogin)
		require.ErrorIs(t, err, concur.Malformed)
	})
	t.Run("what cannot be a login is not looked for", func(t *testing.T) {
		t.Parallel()
		s := people(t, "")
		for _, login := range []string{"", "a\nb", "a\x00", strings.Repeat("x", 321)} {
			_, err := s.client(t).UserID(ctx, login)
			require.ErrorIs(t, err, concur.InvalidArgument)
		}
		require.Empty(t, s.requests)
	})
	t.Run("an answer that is lost has changed nothing", func(t *testing.T) {
		t.Parallel()
		_, err := newServer(t, raw("")).client(t).UserID(ctx, userLogin)
		require.ErrorIs(t, err, concur.Unavailable)
	})
	t.Run("many who ask for one login wait for one answer", func(t *testing.T) {
		t.Parallel()
		arrived, release := make(chan struct{}, 50), make(chan struct{})
		s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
			arrived <- struct{}{}
			<-release
			fmt.Fprintf(w, `{"Resources": [%s]}`, user(userID, userLogin))
		})
		client := s.client(t)
		gone, cancel := context.WithCancel(ctx)
		first := make(chan error, 1)
		go func() { _, err := client.UserID(gone, userLogin); first <- err }()
		<-arrived
		cancel()
		require.ErrorIs(t, <-first, concur.Interrupted, "who asked may leave")
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				id, err := client.UserID(ctx, userLogin)
				require.NoError(t, err)
				require.Equal(t, userID, id)
			})
		}
		close(release)
		all.Wait()
		require.Len(t, s.requests, 1)
	})
}

func TestOwner(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := people(t, "")
	client := s.client(t)
	for _, id := range []string{userID, strings.ToUpper(userID)} {
		owner, err := client.Owner(ctx, id)
		require.NoError(t, err)
		require.Equal(t, expense.Owner{Login: userLogin, Name: "Jo Doe"}, owner)
	}
	require.Len(t, s.requests, 1)
	require.Equal(t, "/profile/identity/v4.1/Users/"+userID, s.requests[0].RequestURI)
	_, err := client.Owner(ctx, "00000000-e8bb-40ff-8e98-c85913ab2789")
	require.ErrorIs(t, err, concur.Malformed, "of another user")
	_, err = client.Owner(ctx, "../.search")
	require.ErrorIs(t, err, concur.InvalidArgument)
	_, err = newServer(t, answering(200, "application/json", `{"id": "`+userID+`"}`)).client(t).Owner(ctx, userID)
	require.ErrorIs(t, err, concur.Forbidden)
	require.ErrorContains(t, err, "identity.user.core.read")
}

func TestWhoAUserIsStandsInNoErrorAndNoLog(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, status := range []int{400, 401, 403, 404, 409, 429, 500, 503} {
		var log bytes.Buffer
		s := newServer(t, answering(status, "application/json", fmt.Sprintf(
			`{"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "scimType": %q, "detail": "no user %s with %s", "errorId": %q}`, userLogin, userLogin, userID, userID)))
		client := s.client(t, func(o *concur.Options) {
			o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		_, byLogin := client.UserID(ctx, userLogin)
		_, byID := client.Owner(ctx, userID)
		for _, err := range []error{byLogin, byID} {
			require.Error(t, err)
			for _, text := range []string{err.Error(), log.String()} {
				require.NotContains(t, text, userLogin)
				require.NotContains(t, text, userID)
			}
		}
	}
}

func TestListItem(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const bare, item = "54F0CBD8833CB348BD45A6C7C621C951", `{"id": "54f0cbd8-833c-b348-bd45-a6c7c621c951", "code": "A-CEN1", "shortCode": "CEN1", "value": "Centre one", "isDeleted": %t}`
	s := newServer(t, answering(200, "application/json", fmt.Sprintf(item, false)))
	client := s.client(t)
	for _, id := range []string{bare, "54f0cbd8-833c-b348-bd45-a6c7c621c951"} {
		field, err := client.ListItem(ctx, id)
		require.NoError(t, err)
		require.Equal(t, expense.Field{Code: "CEN1", Value: "Centre one", ListItem: id, Valid: new(true)}, field)
	}
	require.Len(t, s.requests, 1)
	require.Equal(t, "/list/v4/items/"+bare, s.requests[0].RequestURI)
	_, err := client.ListItem(ctx, "441D6FC50766A044ACC07FF780F1BAD9")
	require.ErrorIs(t, err, concur.Malformed, "another item")
	for _, id := range []string{"", "a/b", "..", "a?b"} {
		_, err = client.ListItem(ctx, id)
		require.ErrorIs(t, err, concur.InvalidArgument, id)
	}
	deleted, err := newServer(t, answering(200, "application/json", fmt.Sprintf(item, true))).client(t).ListItem(ctx, bare)
	require.NoError(t, err)
	require.Equal(t, expense.Field{Code: "CEN1", Value: "Centre one", ListItem: bare, Valid: new(false)}, deleted)
	_, err = newServer(t, answering(404, "application/json", `{}`)).client(t).ListItem(ctx, bare)
	require.ErrorIs(t, err, concur.NotFound)
	_, err = newServer(t, answering(403, "application/json", `{}`)).client(t).ListItem(ctx, bare)
	require.ErrorContains(t, err, "spend.listitem.read")
}

func TestWhatIsLookedUpIsRememberedForATimeAndNotWithoutEnd(t *testing.T) {
	t.Parallel()
	require.LessOrEqual(t, concur.Remembered(10_050, time.Hour), 10_000)
	require.Equal(t, 1, concur.Remembered(10_001, -time.Hour), "what is old makes room first")
	require.Equal(t, 0, concur.Recalled(-time.Hour))
	require.Equal(t, 1, concur.Recalled(time.Hour))
}
