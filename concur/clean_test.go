package concur_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
)

func reportNamed(name string) string {
	return "<ReportDetails><ReportId>R</ReportId><ApsKey>A_EXTV</ApsKey><ReportName>" + name + "</ReportName><EntryCount>0</EntryCount></ReportDetails>"
}

func TestWhatConcurSendsIsReadInItsEncoding(t *testing.T) {
	t.Parallel()
	const uri = "https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nKey"
	for name, test := range map[string]struct {
		contentType, body, want string
		replaced                bool
	}{
		"a forbidden reference":     {"application/xml", reportNamed("a&#xB;secret"), "a\uFFFDsecret", true},
		"windows-1252 by header":    {"application/xml; charset=windows-1252", reportNamed("\x80secret"), "€secret", false},
		"ISO-8859-1 by declaration": {"application/xml", `<?xml version="1.0" encoding="ISO-8859-1"?>` + reportNamed("\xe9secret"), "ésecret", false},
		"a clean answer":            {"application/xml; charset=utf-8", reportNamed("ésecret"), "ésecret", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			client := newServer(t, answering(http.StatusOK, test.contentType, test.body)).client(t, func(o *concur.Options) {
				o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			})
			read, err := client.ReadReport(context.Background(), uri, concur.ReadOptions{})
			require.NoError(t, err)
			require.Equal(t, test.want, read.Report.Name)
			require.Equal(t, test.replaced, strings.Contains(log.String(), "concur sent characters that are not allowed"), log.String())
			require.NotContains(t, log.String(), "secret")
		})
	}
	t.Run("an encoding that nobody knows cannot be read", func(t *testing.T) {
		t.Parallel()
		client := newServer(t, answering(http.StatusOK, "application/xml; charset=x-nobody", reportNamed("a"))).client(t)
		_, err := client.ReadReport(context.Background(), uri, concur.ReadOptions{})
		require.ErrorIs(t, err, concur.Malformed)
	})
	t.Run("the limit is that of the text", func(t *testing.T) {
		t.Parallel()
		body := reportNamed(strings.Repeat("\xff", 4000))
		client := newServer(t, answering(http.StatusOK, "application/xml", body)).client(t, func(o *concur.Options) { o.MaxBody = int64(len(body)) })
		_, err := client.ReadReport(context.Background(), uri, concur.ReadOptions{})
		require.ErrorIs(t, err, concur.TooLarge)
	})
}
