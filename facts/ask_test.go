package facts_test

import (
	"bytes"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/facts"
)

func TestAQuestionIsSignedAndHoldsWhatItWasGivenAndNoMore(t *testing.T) {
	t.Parallel()
	c := newCompany(t, nil)
	q := c.about(1)
	q.Wants = []string{"ok"}
	answers, err := c.client(t).Ask(t.Context(), q)
	require.NoError(t, err)
	require.Len(t, answers, 1)
	require.JSONEq(t, "true", string(answers["e1"]["ok"]))

	got := c.requests()
	require.Len(t, got, 1)
	id, at := got[0].header.Get("webhook-id"), got[0].header.Get("webhook-timestamp")
	require.Equal(t, signed(secret, id, at, got[0].body), got[0].header.Get("webhook-signature"))
	sent, err := strconv.ParseInt(at, 10, 64)
	require.NoError(t, err)
	require.InDelta(t, time.Now().Unix(), sent, 60, "the time of the request, not of the question")
	require.JSONEq(t, `{"fact":"open","id":"`+id+`","at":"2026-11-24T10:30:00Z","wants":["ok"],
		"items":[{"key":"e1","values":{"centre":"C12"}}]}`, string(got[0].body))
	require.Equal(t, "application/json", got[0].header.Get("Content-Type"))
}

func TestWhileASecretIsChangedBothSign(t *testing.T) {
	t.Parallel()
	c := newCompany(t, nil)
	client := c.client(t, func(o *facts.Options) { o.Secrets = []string{next, secret} })
	_, err := client.Ask(t.Context(), c.about(1))
	require.NoError(t, err)
	got := c.requests()[0]
	id, at := got.header.Get("webhook-id"), got.header.Get("webhook-timestamp")
	require.Equal(t, signed(next, id, at, got.body)+" "+signed(secret, id, at, got.body), got.header.Get("webhook-signature"))
}

func TestManyObjectsAreAskedAboutInPartsAndEachOnce(t *testing.T) {
	t.Parallel()
	c := newCompany(t, nil)
	answers, err := c.client(t).Ask(t.Context(), c.about(1000))
	require.NoError(t, err)
	require.Len(t, answers, 1000)
	got := c.requests()
	require.Len(t, got, 5)
	keys, ids := map[string]bool{}, map[string]bool{}
	for _, request := range got {
		require.Len(t, request.Items, 200)
		ids[request.ID] = true
		for _, item := range request.Items {
			keys[item.Key] = true
		}
	}
	require.Len(t, keys, 1000)
	require.Len(t, ids, 5)
}

func TestARequestThatIsSentAgainHasItsIDAndAnotherQuestionHasAnother(t *testing.T) {
	t.Parallel()
	c := newCompany(t, nil)
	client := c.client(t)
	again, other, elsewhere, unnamed := c.about(1), c.about(1), c.about(1), c.about(1)
	again.IdempotencyKey, other.Fact, elsewhere.URL, unnamed.IdempotencyKey = "run 1, activity 9", "closed", c.URL+"/facts/closed", ""
	for _, q := range []expense.Question{c.about(1), c.about(1), again, other, elsewhere, unnamed, unnamed} {
		_, err := client.Ask(t.Context(), q)
		require.NoError(t, err)
	}
	got := c.requests()
	require.Equal(t, got[0].ID, got[1].ID)
	require.Equal(t, got[0].body, got[1].body)
	ids := map[string]bool{}
	for _, request := range got[1:] {
		ids[request.ID] = true
	}
	require.Len(t, ids, 6)
}

func TestNothingToAskAboutSendsNothing(t *testing.T) {
	t.Parallel()
	c := newCompany(t, nil)
	answers, err := c.client(t).Ask(t.Context(), c.about(0))
	require.NoError(t, err)
	require.Empty(t, answers)
	require.Empty(t, c.requests())
}

func TestAQuestionWithoutATimeIsAskedNow(t *testing.T) {
	t.Parallel()
	c := newCompany(t, nil)
	q := c.about(1)
	q.At = time.Time{}
	_, err := c.client(t).Ask(t.Context(), q)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), c.requests()[0].At, time.Minute)
}

func TestTheLogSaysWhatHappenedAndNoneOfTheValues(t *testing.T) {
	t.Parallel()
	c := newCompany(t, nil)
	var log bytes.Buffer
	client := c.client(t, func(o *facts.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	_, err := client.Ask(t.Context(), c.about(3))
	require.NoError(t, err)
	id := c.requests()[0].ID
	c.answer = says(403, "values of C12")
	_, err = client.Ask(t.Context(), c.about(3))
	require.Error(t, err)
	require.Contains(t, log.String(), "fact=open host="+c.host()+" id="+id+" items=3 status=200")
	require.Contains(t, log.String(), "status=403 kind=Forbidden")
	for _, never := range []string{"C12", "centre", "whsec", "v1,", "/facts/open"} {
		require.NotContains(t, log.String(), never)
	}
}
