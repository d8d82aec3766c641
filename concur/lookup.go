package concur

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const (
	maxLookups = 10_000        // that a client remembers of one kind
	lookupLife = 4 * time.Hour // until one is asked for anew
)

// lookups caches values of one kind for some hours, up to a limit. It is safe for concurrent
// use. Callers that need the same value at the same time share one request. Errors are not
// cached.
type lookups[V any] struct {
	flights singleflight.Group
	mu      sync.Mutex
	values  map[string]lookedUp[V]
}

type lookedUp[V any] struct {
	value V
	until time.Time
}

// get returns the cached value of a key, or asks for it. The request goes on when its caller
// has gone, because others may wait for the answer. The client's own limits end it.
func (l *lookups[V]) get(ctx context.Context, op, key string, ask func(context.Context) (V, error)) (V, error) {
	var none V
	if ctx == nil {
		return none, invalidArgument(op, "the context is nil")
	}
	if value, ok := l.find(key); ok {
		return value, nil
	}
	if err := ctx.Err(); err != nil {
		return none, interrupted(op, err)
	}
	flight := l.flights.DoChan(key, func() (any, error) {
		if value, ok := l.find(key); ok {
			return value, nil
		}
		value, err := ask(context.WithoutCancel(ctx))
		if err == nil {
			l.store(key, value)
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

func (l *lookups[V]) find(key string) (V, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	found, ok := l.values[key]
	return found.value, ok && time.Now().Before(found.until)
}

func (l *lookups[V]) store(key string, value V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.values == nil {
		l.values = map[string]lookedUp[V]{}
	}
	if len(l.values) >= maxLookups {
		l.evict(now)
	}
	l.values[key] = lookedUp[V]{value: value, until: now.Add(lookupLife)}
}

// remove drops the value of a key.
func (l *lookups[V]) remove(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.values, key)
}

// evict drops the expired values, or any one value if none has expired.
func (l *lookups[V]) evict(now time.Time) {
	one := ""
	for key, found := range l.values {
		if one = key; !now.Before(found.until) {
			delete(l.values, key)
		}
	}
	if len(l.values) >= maxLookups {
		delete(l.values, one)
	}
}

const needsLists = "the scope spend.listitem.read"

// ListItem returns the code and the name of a list item, and whether it is valid: a deleted
// item is not. The v4 interfaces print the identifier of an item only. The client remembers
// the item for some hours. If Concur does not show the item, the error is of kind [NotFound].
//
// Source: https://developer.concur.com/api-reference/common/list-item/v4.list-item.html#get-list-item-ID
func (c *Client) ListItem(ctx context.Context, id string) (expense.Field, error) {
	r := get("read list item", needsLists, "/list/v4/items/%s", id)
	found, err := c.listItems.get(ctx, r.op, bareID(id), func(ctx context.Context) (expense.Field, error) {
		return ask(ctx, c, r, rejectOther(id, func(i expense.Field) string { return i.ListItem }, wire.DecodeListItem))
	})
	if err != nil {
		return expense.Field{}, err
	}
	found.ListItem = id // as it was asked for: in any case, and with or without hyphens
	return found, nil
}
