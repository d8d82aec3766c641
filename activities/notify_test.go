package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/activities"
	"concur-connector/expense"
	"concur-connector/internal/notify"
)

// notifier renders a message for each ID, and sends or fails as it is told.
type notifier struct {
	ids     []string
	fails   map[string]error // by the message's ID
	unusual error            // of rendering

	mu    sync.Mutex
	sent  []string
	asked []expense.TaskSummary
	at    time.Time
}

func (n *notifier) Messages(expense.NotifyApproversInput) ([]notify.Message, error) {
	var all []notify.Message
	for _, id := range n.ids {
		all = append(all, notify.Message{ID: id, Channel: id[:1]})
	}
	return all, n.unusual
}

func (n *notifier) Digests(at time.Time, tasks []expense.TaskSummary) ([]notify.Message, error) {
	n.at, n.asked = at, tasks
	return n.Messages(expense.NotifyApproversInput{})
}

func (n *notifier) Send(_ context.Context, m notify.Message) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sent = append(n.sent, m.ID)
	return n.fails[m.ID]
}

func (n *notifier) Tasks(context.Context) ([]expense.TaskSummary, error) {
	return []expense.TaskSummary{{TaskID: "EXPRPT:x/1"}}, n.fails["list"]
}

// attempts remembers the heartbeat details, as Temporal does.
type attempts struct {
	mu      sync.Mutex
	details any
}

func (b *attempts) beat(_ context.Context, details ...any) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(details) > 0 {
		b.details = details[0]
	}
	return nil
}

// tell makes one attempt after those before it.
func (b *attempts) tell(t *testing.T, n *notifier) error {
	t.Helper()
	acts := newFakeConcur(t).activities(t, heartbeat(b.beat), func(o *activities.Options) { o.Notifier, o.Tasks = n, n })
	_, err := execute(attempt{before: b.details}, acts.NotifyApprovers, expense.NotifyApproversInput{})
	return err
}

func unavailable(channel string) error {
	return &notify.Error{Channel: channel, Kind: expense.Unavailable, Message: "busy"}
}

func TestARetryTellsOnlyThoseWhoHaveNotBeenTold(t *testing.T) {
	t.Parallel()
	b := &attempts{}
	n := &notifier{ids: []string{"a1", "b1", "a2"}, fails: map[string]error{"b1": unavailable("b")}}
	e := failed(t, b.tell(t, n), expense.Unavailable)
	require.False(t, e.NonRetryable())
	require.Equal(t, []string{"a1", "b1", "a2"}, n.sent)
	n.fails, n.sent = nil, nil
	require.NoError(t, b.tell(t, n))
	require.Equal(t, []string{"b1"}, n.sent)
	n.sent = nil
	require.NoError(t, b.tell(t, n))
	require.Empty(t, n.sent)
}

func TestWhoWillNeverBeToldIsSaidOnceAllOthersAreTold(t *testing.T) {
	t.Parallel()
	b := &attempts{}
	n := &notifier{ids: []string{"a1", "b1", "c1"}, fails: map[string]error{
		"a1": &notify.Error{Channel: "mail", Kind: expense.Rejected, Status: 550, Message: "the server rejects the recipient"},
		"b1": unavailable("b"),
	}}
	require.False(t, failed(t, b.tell(t, n), expense.Unavailable).NonRetryable(), "b1 may still be told")
	delete(n.fails, "b1")
	n.sent = nil
	e := failed(t, b.tell(t, n), expense.Rejected)
	require.True(t, e.NonRetryable())
	require.Equal(t, []string{"b1"}, n.sent, "what was refused is not sent again")
	require.ErrorContains(t, e, "1 of 3 messages will not be delivered")
	require.ErrorContains(t, e, "mail: Rejected (550)")
}

func TestAChannelThatIsDownIsTriedOnceInAnAttempt(t *testing.T) {
	t.Parallel()
	down := &notify.Error{Channel: "a", Kind: expense.RateLimited, Message: "slow down", RetryAfter: time.Minute, ChannelDown: true}
	n := &notifier{ids: []string{"a1", "a2", "b1", "b2"}, fails: map[string]error{"a1": down, "b1": unavailable("b")}}
	e := failed(t, (&attempts{}).tell(t, n), expense.RateLimited)
	require.Equal(t, time.Minute, e.NextRetryDelay())
	require.Equal(t, []string{"a1", "b1", "b2"}, n.sent)
}

func TestABrokenConfigurationIsRetriedUntilItIsMended(t *testing.T) {
	t.Parallel()
	n := &notifier{unusual: errors.New("notify.yaml:3:1: unknown key")}
	err := (&attempts{}).tell(t, n)
	e := failed(t, err, "")
	require.False(t, e.NonRetryable())
	require.ErrorContains(t, err, "notify.yaml:3:1")
}

func TestWithoutANotifierNobodyIsTold(t *testing.T) {
	t.Parallel()
	acts := newFakeConcur(t).activities(t)
	_, err := execute(attempt{}, acts.NotifyApprovers, expense.NotifyApproversInput{})
	require.NoError(t, err)
	_, err = execute(attempt{}, acts.DeliverDigests, expense.DeliverDigestsInput{})
	require.NoError(t, err)
}

func TestADigestIsAboutTheTasksThatWait(t *testing.T) {
	t.Parallel()
	n := &notifier{ids: []string{"a1"}}
	acts := newFakeConcur(t).activities(t, func(o *activities.Options) { o.Notifier, o.Tasks = n, n })
	_, err := execute(attempt{}, acts.DeliverDigests, expense.DeliverDigestsInput{At: asked})
	require.NoError(t, err)
	require.Equal(t, []string{"a1"}, n.sent)
	require.Equal(t, "EXPRPT:x/1", n.asked[0].TaskID)
	require.True(t, asked.Equal(n.at))

	n.fails = map[string]error{"list": errors.New("no connection")}
	_, err = execute(attempt{}, acts.DeliverDigests, expense.DeliverDigestsInput{At: asked})
	require.ErrorContains(t, err, "list the tasks that wait")
	acts = newFakeConcur(t).activities(t, func(o *activities.Options) { o.Notifier = n })
	_, err = execute(attempt{}, acts.DeliverDigests, expense.DeliverDigestsInput{At: asked})
	require.ErrorContains(t, err, "option Tasks is missing")
}

func TestTheHeartbeatOfADeliveryNamesNobody(t *testing.T) {
	t.Parallel()
	b := &attempts{}
	n := &notifier{ids: []string{"a1"}}
	require.NoError(t, b.tell(t, n))
	stored, err := json.Marshal(b.details)
	require.NoError(t, err)
	require.JSONEq(t, `{"told":["a1"]}`, string(stored))
}

func TestACancelledRunTellsNobodyElse(t *testing.T) {
	t.Parallel()
	n := &notifier{ids: []string{"a1", "a2"}, fails: map[string]error{"a1": unavailable("a")}}
	acts := newFakeConcur(t).activities(t, func(o *activities.Options) { o.Notifier = n })
	_, err := execute(attempt{cancel: func(cancel context.CancelCauseFunc) { cancel(errors.New("the worker stops")) }}, acts.NotifyApprovers, expense.NotifyApproversInput{})
	require.Error(t, err)
	require.Equal(t, []string{"a1"}, n.sent)
}
