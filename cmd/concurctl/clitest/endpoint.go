package clitest

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/expense"
	"concur-connector/ingress"
)

const (
	CalloutUser     = "concur-callouts"
	CalloutPassword = "a:password:with:colons"
	ObjectURI       = "https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/9%Qab$pZ&1"
)

// starter stands in for Temporal behind a real endpoint.
type starter struct {
	Got   chan expense.Notification
	fails error
}

func (s *starter) Start(_ context.Context, n expense.Notification) (bool, error) {
	s.Got <- n
	return true, s.fails
}

func NewStarter(fails error) *starter {
	return &starter{Got: make(chan expense.Notification, 1), fails: fails}
}

// Endpoint is the connector's own, with a certificate as it should be.
func Endpoint(t *testing.T, s *starter, config *tls.Config) *httptest.Server {
	t.Helper()
	handler, err := ingress.New(ingress.Options{
		Credentials: []ingress.Credential{ingress.NewCredential(CalloutUser, CalloutPassword)}, Starter: s, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return ListenTLS(t, handler, config)
}

func CalloutEnv() Settings {
	return Settings{"CONCUR_CALLOUT_USER": CalloutUser, "CONCUR_CALLOUT_PASSWORD": CalloutPassword}
}
