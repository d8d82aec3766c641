package concur

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	maxLookups = 10_000        // that a client remembers of one kind
	lookupLife = 4 * time.Hour // until one is asked for anew
)

// lookups remembers what was looked up, for some hours and not without end. It is safe for
// concurrent use, and what several want at a time is asked once. Errors are forgotten.
type lookups[V any] struct {
	flights singleflight.Group
	mu      sync.Mutex
	held    map[string]lookedUp[V]
}

type lookedUp[V any] struct {
	value V
	until time.Time
}

// get returns what is remembered under a key, or asks. The question outlives the one who
// put it, for others may wait for its answer, too; the client's own limits bound it.
func (l *lookups[V]) get(ctx context.Context, op, key string, ask func(context.Context) (V, error)) (V, error) {
	var none V
	if ctx == nil {
		return none, misused(op, "the context is nil")
	}
	if value, ok := l.recall(key); ok {
		return value, nil
	}
	if err := ctx.Err(); err != nil {
		return none, interrupted(op, err)
	}
	flight := l.flights.DoChan(key, func() (any, error) {
		if value, ok := l.recall(key); ok {
			return value, nil
		}
		value, err := ask(context.WithoutCancel(ctx))
		if err == nil {
			l.remember(key, value)
		}
		return value, err
	})
	select {
	case result := <-flight:
		if result.Err != nil {
			return none, result.Err
		}
		return result.Val.(V), nil
	case <-ctx.Done():
		return none, interrupted(op, ctx.Err())
	}
}

func (l *lookups[V]) recall(key string) (V, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	found, ok := l.held[key]
	return found.value, ok && time.Now().Before(found.until)
}

func (l *lookups[V]) remember(key string, value V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.held == nil {
		l.held = map[string]lookedUp[V]{}
	}
	if len(l.held) >= maxLookups {
		l.forget(now)
	}
	l.held[key] = lookedUp[V]{value: value, until: now.Add(lookupLife)}
}

// drop forgets what is remembered under a key.
func (l *lookups[V]) drop(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, key)
}

// forget makes room: what is old goes, and if nothing is, any one.
func (l *lookups[V]) forget(now time.Time) {
	one := ""
	for key, found := range l.held {
		if one = key; !now.Before(found.until) {
			delete(l.held, key)
		}
	}
	if len(l.held) >= maxLookups {
		delete(l.held, one)
	}
}
