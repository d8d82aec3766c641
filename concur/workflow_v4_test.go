package concur_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
)

func TestWorkflowsV4(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	t.Run("a report is passed on and sent back at the documented addresses", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(204, "", ""))
		client := s.client(t)
		guard := concur.Guard{"expectedStepCode": "EXTVAL", "currentSequence": "3"}
		require.NoError(t, client.ApproveReportV4(ctx, reportID, "", "", guard))
		require.NoError(t, client.SendBackReportV4(ctx, reportID, "Why < how?", nil))
		require.Len(t, s.requests, 2)
		require.Equal(t, []string{`{"currentSequence":3,"expectedStepCode":"EXTVAL"}`, `{"comment":"Why < how?"}`}, s.bodies)
		for i, action := range []string{"approve", "sendBack"} {
			r := s.requests[i]
			require.Equal(t, http.MethodPatch, r.Method)
			require.Equal(t, "/expensereports/v4/reports/"+reportID+"/"+action, r.RequestURI)
			require.Equal(t, "application/json", r.Header.Get("Content-Type"))
			require.Equal(t, "application/json", r.Header.Get("Accept"))
			require.Equal(t, int64(len(s.bodies[i])), r.ContentLength)
			require.Empty(t, r.TransferEncoding, "never in chunks")
		}
	})
	t.Run("what Concur cannot take is not sent", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, answering(204, "", ""))
		client := s.client(t)
		require.ErrorIs(t, client.SendBackReportV4(ctx, reportID, " \n", nil), concur.InvalidArgument)
		require.ErrorIs(t, client.ApproveReportV4(ctx, reportID, "", "", concur.Guard{"stepCode": "X"}), concur.InvalidArgument)
		for _, id := range []string{"", "..", "a/b", "a?b", "a%2fb", "é", "a b", strings.Repeat("x", 201)} {
			require.ErrorIs(t, client.ApproveReportV4(ctx, id, "", "", nil), concur.InvalidArgument, id)
		}
		readOnly := s.client(t, func(o *concur.Options) { o.ReadOnly = true })
		require.ErrorIs(t, readOnly.ApproveReportV4(ctx, reportID, "", "", nil), concur.WritesOff)
		require.ErrorIs(t, readOnly.SendBackReportV4(ctx, reportID, "x", nil), concur.WritesOff)
		requests, tokens := s.count()
		require.Zero(t, requests+tokens)
	})
	t.Run("a success that is none leaves the outcome unknown", func(t *testing.T) {
		t.Parallel()
		for _, api := range []http.HandlerFunc{
			answering(200, "application/json", `{"errorMessage":"no","errorId":"x.y"}`),
			answering(200, "application/json", `{"errors":[{"errorCode":"NO_APPROVER"}]}`),
			answering(200, "text/html", "<!doctype html><html></html>"),
			answering(200, "application/json", ""),
			answering(200, "application/json", "{}"),
			answering(200, "application/json", `{"data":`),
			answering(202, "", ""),
			raw("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"),
			raw(""),
		} {
			require.ErrorIs(t, newServer(t, api).client(t).ApproveReportV4(ctx, reportID, "", "", nil), concur.OutcomeUnknown)
		}
	})
	t.Run("who may not is told what it takes", func(t *testing.T) {
		t.Parallel()
		err := newServer(t, answering(403, "application/json", `{"errorMessage":"Caller cannot modify System workflow step"}`)).client(t).ApproveReportV4(ctx, reportID, "", "", nil)
		require.ErrorIs(t, err, concur.Forbidden)
		require.ErrorContains(t, err, "expense.report.workflowstatus.write")
		require.ErrorContains(t, err, "Caller cannot modify System workflow step")
	})
}

func TestCheckGuard(t *testing.T) {
	t.Parallel()
	for _, good := range []concur.Guard{
		nil, {}, {"expectedStepCode": "EXT VAL"}, {"expectedStepSequence": "3"}, {"expectedWorkflowStepInstanceId": "a-b"},
		{"currentProcessInstanceId": "x", "currentSequence": "0"},
	} {
		require.NoError(t, concur.CheckGuard(good), good)
	}
	for _, bad := range []concur.Guard{
		{"ExpectedStepCode": "secret"}, {"comment": "secret"}, {"expectedStepCode": ""}, {"expectedStepCode": " "}, {"expectedStepCode": "secret\n"},
		{"expectedStepCode": strings.Repeat("x", 101)}, {"currentSequence": "secret"}, {"currentSequence": "-1"}, {"currentSequence": "1.0"}, {"currentSequence": "99999999999"},
	} {
		err := concur.CheckGuard(bad)
		require.Error(t, err, bad)
		require.NotContains(t, err.Error(), "secret")
	}
	require.ErrorContains(t, concur.CheckGuard(concur.Guard{"stepCode": "x"}), `"stepCode" is none of currentProcessInstanceId, currentSequence, expectedStepCode`)
}
