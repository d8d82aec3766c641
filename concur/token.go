package concur

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const tokenOp = "refresh access token"

// tokens keeps the client's tokens valid: in memory, or in a token store that several
// processes share.
//
// Source: https://developer.concur.com/api-reference/authentication/apidoc.html
type tokens struct {
	http     *http.Client
	hosts    hosts
	limit    time.Duration
	log      *slog.Logger
	clientID string
	store    *store        // nil: nothing outlives the process
	warning  time.Duration // before the end of the refresh token

	flights singleflight.Group

	mu        sync.Mutex // held while Concur is asked
	secrets   []string   // of the application, all of them live
	secret    int        // the one that was accepted last
	state     state
	notStored bool   // Concur gave held, and the store could not take it yet
	replaced  string // the refresh token that the store had before that
	closed    bool
	warned    warnings
}

// get returns an access token that has not expired and is not the refused one.
func (t *tokens) get(ctx context.Context, refused string) (access, error) {
	held, err := t.renew(ctx, refused, func(s state) bool { return s.fresh() && s.AccessToken != refused })
	return held.access(), err
}

// renew returns a state that is good enough, after a refresh if needed. All callers with the
// same key share one refresh. The refresh goes on when its callers have gone, because its
// answer may hold the only refresh token that Concur still accepts.
func (t *tokens) renew(ctx context.Context, key string, good func(state) bool) (state, error) {
	if ctx == nil {
		return state{}, invalidArgument(tokenOp, "the context is nil")
	}
	if err := ctx.Err(); err != nil {
		return state{}, interrupted(tokenOp, err)
	}
	flight := t.flights.DoChan(key, func() (any, error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if good(t.state) && !t.notStored {
			return t.state, nil
		}
		return t.refresh(good)
	})
	select {
	case result := <-flight:
		if result.Err != nil {
			return state{}, result.Err
		}
		return result.Val.(state), nil
	case <-ctx.Done():
		return state{}, interrupted(tokenOp, ctx.Err())
	}
}

// refresh uses the tokens that another process has obtained in the meantime, if they are good
// enough, or asks Concur. With a store, it uses no token before it is stored.
func (t *tokens) refresh(good func(state) bool) (state, error) {
	var kept *reservedFile
	if t.closed {
		return state{}, &Error{Op: tokenOp, Kind: Unavailable, Message: "the client is closed"}
	}
	if t.store != nil {
		unlock, err := t.store.lock()
		if err != nil {
			return state{}, t.storeFailure(err)
		}
		defer unlock()
		if err := t.readStore(); err != nil {
			return state{}, t.storeFailure(err)
		}
		if good(t.state) {
			t.warn()
			return t.state, nil
		}
		if kept, err = t.store.reserve(); err != nil {
			return state{}, t.storeFailure(err)
		}
	}
	asked := time.Now()
	token, base, err := t.retrieve(tokenOp, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {t.state.RefreshToken}}, t.state.Geolocation)
	if err != nil {
		if kept != nil {
			kept.discard()
		}
		return state{}, err
	}
	next, unusable := t.state.next(token, base, asked, t.hosts)
	t.rotate(next)
	if kept != nil {
		if err := kept.write(next); err != nil {
			return state{}, t.storeFailure(err)
		}
		t.notStored = false
	}
	t.warn()
	if unusable != nil {
		unusable.Op = tokenOp
		return state{}, unusable
	}
	return t.state, nil
}

func (t *tokens) stop() {
	if t.store == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
}

// rotate takes over the tokens that Concur has just answered.
func (t *tokens) rotate(next state) {
	if t.store == nil && next.RefreshToken != t.state.RefreshToken && !t.warned.rotationLogged {
		t.warned.rotationLogged = true
		t.log.Warn("concur replaced the refresh token, and without CONCUR_TOKEN_FILE the new one ends with this process")
	}
	t.replaced, t.state, t.notStored = t.state.RefreshToken, next, t.store != nil
}

// readStore takes over the tokens in the store. They replace those of this process, except for
// an answer of Concur that could not be stored, if no other process has refreshed since. The
// lock must be held.
func (t *tokens) readStore() error {
	stored, found, err := t.store.readLocked()
	switch {
	case err != nil:
		return err
	case t.notStored && (!found || stored.RefreshToken == t.replaced):
		place, err := t.store.reserve()
		if err == nil {
			err = place.write(t.state)
		}
		if err != nil {
			return err
		}
	case found:
		t.state = stored
	}
	t.notStored = false
	return nil
}

// storeFailure returns the error of a token store that could not be used.
func (t *tokens) storeFailure(err error) *Error {
	e := &Error{Op: tokenOp, Kind: Unavailable, Message: err.Error(), cause: contextError(err)}
	var failed *storeError
	if errors.As(err, &failed) && failed.needsRepair {
		e.Kind = Unauthorized
	}
	if t.notStored {
		e.Message += "; the newest refresh token is in the memory of this process alone"
	}
	return e
}

// open reads the store and tries every step that a refresh will need.
func (t *tokens) open() error {
	unlock, err := t.store.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := t.readStore(); err != nil {
		return err
	}
	if t.state.RefreshToken == "" {
		return &storeError{err: errors.New("there is no " + t.store.path + " yet, and no refresh token to begin it with: run concurctl token init"), needsRepair: true}
	}
	place, err := t.store.reserve()
	if err != nil {
		return err
	}
	place.discard()
	t.warn()
	return nil
}
