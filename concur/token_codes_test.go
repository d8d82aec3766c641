package concur_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
)

// documented are the codes of the token endpoint, and what helps against each.
var documented = map[concur.RefusalClass][]int{
	concur.NeedsRepair: {
		10, 11, 12, 13, 14, 16, 20, 21, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65,
		80, 81, 82, 83, 84, 85, 100, 101, 102, 103, 104, 105, 107, 109, 115, 117, 118, 119, 120, 121, 122, 123, 124, 135, 139,
	},
	concur.Retryable:    {134},
	concur.NeedsRenewal: {5, 19, 106, 108, 136},
}

func TestEveryDocumentedCodeHasItsClass(t *testing.T) {
	t.Parallel()
	want, got := map[int]concur.RefusalClass{}, map[int]concur.RefusalClass{}
	for class, codes := range documented {
		for _, code := range codes {
			require.NotContains(t, want, code)
			want[code] = class
		}
	}
	for _, refusal := range concur.Refusals() {
		require.NotContains(t, got, refusal.Code, "a code stands once in the table")
		require.NotEmpty(t, refusal.Means, refusal.Code)
		got[refusal.Code] = refusal.Class
	}
	require.Equal(t, want, got)

	var answer atomic.Value
	s := newServer(t, nil)
	s.token = func(w http.ResponseWriter, r *http.Request) {
		answering(http.StatusBadRequest, "application/json", answer.Load().(string))(w, r)
	}
	client := s.client(t)
	for _, code := range slices.Sorted(maps.Keys(want)) {
		for _, form := range []string{`{"error":"e","error_description":"theirs","code":%d}`, `{"error":"e","error_description":"theirs","code":"%d"}`} {
			answer.Store(fmt.Sprintf(form, code))
			err := read(client)
			require.ErrorContains(t, err, fmt.Sprintf("code %d", code))
			switch want[code] {
			case concur.Retryable:
				require.ErrorIs(t, err, concur.Unavailable, code)
				require.NotContains(t, err.Error(), "person", code)
			case concur.NeedsRepair:
				require.ErrorIs(t, err, concur.Unauthorized, code)
				require.ErrorContains(t, err, "a person must")
			default:
				require.ErrorIs(t, err, concur.Unauthorized, code)
				require.ErrorContains(t, err, "a person must renew it")
			}
		}
	}
}

func TestACodeThatIsNotDocumentedIsJudgedByItsWord(t *testing.T) {
	t.Parallel()
	for word, says := range map[string]string{
		"invalid_grant": "a person must renew it", "invalid_client": "client ID and secret",
		"server_error": "Unavailable", "temporarily_unavailable": "Unavailable", "unheard_of": "the tokens are refused",
	} {
		s := newServer(t, nil)
		s.token = answering(http.StatusBadRequest, "application/json", `{"error":"`+word+`","code":999}`)
		require.ErrorContains(t, read(s.client(t)), says, word)
	}
}
