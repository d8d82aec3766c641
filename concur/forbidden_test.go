package concur_test

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
)

func TestAForbiddenWriteIsNotSentAgain(t *testing.T) {
	t.Parallel()
	for op, do := range writeOps {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			s := newServer(t, answering(403, "application/json", `{"errorMessage":"Caller cannot modify System workflow step"}`))
			client := s.client(t)
			refusal := do(ctx, client)
			require.ErrorIs(t, refusal, concur.Forbidden)
			requests, tokens := s.count()
			require.Equal(t, []int{1, 1}, []int{requests, tokens})
			require.False(t, client.TokenRenewedSince(refusal))

			require.ErrorIs(t, read(client), concur.Forbidden)
			_, tokens = s.count()
			require.Equal(t, 2, tokens, "a read that is forbidden renews the access once")
			require.True(t, client.TokenRenewedSince(refusal), "so that the write may have been forbidden for an old token")
		})
	}
	t.Run("401 is sent again, as before", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(200, "application/xml", successXML))
		client := s.client(t)
		require.NoError(t, writeOps["take action"](context.Background(), client))
		s.expire()
		require.NoError(t, writeOps["take action"](context.Background(), client))
	})
	t.Run("another error says nothing of the token", func(t *testing.T) {
		t.Parallel()
		require.False(t, newServer(t, nil).client(t).TokenRenewedSince(io.EOF))
	})
}
