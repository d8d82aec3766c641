package concur_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
)

func TestPace(t *testing.T) {
	t.Parallel()
	paced := func(perSecond float64) func(*concur.Options) {
		return func(o *concur.Options) { o.RequestsPerSecond = perSecond }
	}
	t.Run("a request whose turn does not come in time is not sent", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(200, "application/xml", reportXML))
		client := s.client(t, paced(0.001)) // three at once: a token and two reads
		require.NoError(t, read(client))
		require.NoError(t, read(client))
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := client.ReadReport(ctx, objectURI, concur.ReadOptions{})
		require.ErrorIs(t, err, concur.Interrupted)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, client.TakeActionV1(ctx, actionURL, "approve", ""), concur.Interrupted, "a write that was not sent has no unknown outcome")
		requests, tokens := s.count()
		require.Equal(t, 2, requests)
		require.Equal(t, 1, tokens)
	})
	t.Run("requests take turns", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(200, "application/xml", reportXML))
		client := s.client(t, paced(20))
		began := time.Now()
		for range 12 { // with the token 13, of which three go at once
			require.NoError(t, read(client))
		}
		require.GreaterOrEqual(t, time.Since(began), 10*time.Second/20)
	})
	for _, wrong := range []float64{-1, math.NaN(), math.Inf(1)} {
		options := newServer(t, nil).options()
		options.RequestsPerSecond = wrong
		_, err := concur.New(options)
		require.ErrorContains(t, err, "the requests per second")
	}
}
