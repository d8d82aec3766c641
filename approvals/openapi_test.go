package approvals_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/stretchr/testify/require"
)

// description is openapi.yaml, with a validator for it.
var description = sync.OnceValues(func() (validator.Validator, error) {
	content, err := os.ReadFile("openapi.yaml")
	if err != nil {
		return nil, err
	}
	document, err := libopenapi.NewDocument(content)
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return v, nil
})

// described matches the paths that openapi.yaml describes.
var described = regexp.MustCompile(`^/api/tasks(/[^/]+(/decisions)?)?$|^/api/decisions$|^/openapi\.yaml$`)

// validated checks each answer of a handler against openapi.yaml: its status, its media type and
// its body. An accepted request must fit, too.
func validated(t *testing.T, next http.Handler) http.Handler {
	t.Helper()
	v, err := description()
	require.NoError(t, err)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		seen := httptest.NewRecorder()
		next.ServeHTTP(seen, r)
		for name, values := range seen.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(seen.Code)
		_, _ = w.Write(seen.Body.Bytes())
		if !described.MatchString(r.URL.EscapedPath()) || seen.Code == http.StatusNotFound && strings.Contains(seen.Body.String(), "unknown path") ||
			seen.Code == http.StatusMethodNotAllowed || r.Method == http.MethodHead {
			return
		}
		request := r.Clone(r.Context())
		// The validator decodes the path before it splits it, so that it cannot find every ID.
		if rest, found := strings.CutPrefix(request.URL.EscapedPath(), "/api/tasks/"); found {
			request.URL.Path, request.URL.RawPath = "/api/tasks/ID", ""
			if strings.HasSuffix(rest, "/decisions") {
				request.URL.Path += "/decisions"
			}
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
		response := seen.Result()
		if fits, problems := v.ValidateHttpResponse(request, response); !fits {
			for _, p := range problems {
				t.Errorf("%s %s: %d does not fit openapi.yaml: %s: %s %+v\n%s", r.Method, r.URL, seen.Code, p.Message, p.Reason, p.SchemaValidationErrors, seen.Body)
			}
		}
		if seen.Code >= http.StatusBadRequest {
			return
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
		if fits, problems := v.ValidateHttpRequest(request); !fits {
			for _, p := range problems {
				t.Errorf("%s %s was accepted and does not fit openapi.yaml: %s: %s %+v", r.Method, r.URL, p.Message, p.Reason, p.SchemaValidationErrors)
			}
		}
	})
}

func TestTheDescriptionIsOpenAPI31(t *testing.T) {
	t.Parallel()
	v, err := description()
	require.NoError(t, err)
	valid, problems := v.ValidateDocument()
	require.True(t, valid, "%+v", problems)
}

func TestTheDescriptionIsServedToEverybody(t *testing.T) {
	t.Parallel()
	d := open(t, newRuns())
	response, err := http.Get(d.URL + "/openapi.yaml")
	require.NoError(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, "application/yaml", response.Header.Get("Content-Type"))
	written, err := os.ReadFile("openapi.yaml")
	require.NoError(t, err)
	require.Equal(t, string(written), string(content))
}
