package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gorilla/mux"
	"go.yaml.in/yaml/v4"
)

// controlHandler serves the control API and the page.
func (s *simulator) controlHandler() http.Handler {
	router := mux.NewRouter()
	router.HandleFunc("/", s.showPage).Methods(http.MethodGet)
	control := router.PathPrefix("/control").Subrouter()
	on := func(method, path string, do func(*http.Request) (any, error)) {
		control.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
			if err != nil {
				writeControl(w, nil, fmt.Errorf("read body: %w", err))
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			result, err := do(r)
			writeControl(w, result, err)
		}).Methods(method)
	}
	on(http.MethodPost, "/reports", s.controlAddReport)
	on(http.MethodGet, "/reports", s.controlReports)
	on(http.MethodGet, "/reports/{name}", s.controlReport)
	on(http.MethodGet, "/summary", s.controlSummary)
	on(http.MethodPost, "/reports/{name}/callout", s.controlCallout)
	on(http.MethodPost, "/reports/{name}/{move:approve|send-back|recall|resubmit|next-step|edit|cancel|delete-exceptions|delete|submit}", s.controlMove)
	on(http.MethodPost, "/payloads", s.controlAddPayload)
	on(http.MethodPost, "/payloads/{name}/callout", s.controlPayloadCallout)
	on(http.MethodGet, "/failed", s.controlFailed)
	on(http.MethodPost, "/failed", s.controlAddFailed)
	on(http.MethodPost, "/failed-format", s.controlFailedFormat)
	on(http.MethodGet, "/callouts", s.controlCallouts)
	on(http.MethodPost, "/callouts", s.controlAddCallout)
	on(http.MethodPost, "/callouts/{switch:pause|resume}", s.controlPause)
	on(http.MethodGet, "/faults", s.controlFaults)
	on(http.MethodPost, "/faults", s.controlAddFaults)
	on(http.MethodDelete, "/faults", s.controlClearFaults)
	on(http.MethodGet, "/journal", s.controlJournal)
	on(http.MethodGet, "/violations", s.controlViolations)
	on(http.MethodGet, "/breakpoints", s.controlBreakpoints)
	on(http.MethodPost, "/breakpoints", s.controlAddBreakpoint)
	on(http.MethodDelete, "/breakpoints", s.controlClearBreakpoints)
	on(http.MethodPost, "/breakpoints/release", s.controlRelease)
	on(http.MethodPost, "/expire-tokens", s.controlExpireTokens)
	on(http.MethodPost, "/token-life", s.controlTokenLife)
	on(http.MethodPost, "/strict-rotation", s.controlStrictRotation)
	on(http.MethodPost, "/request-token", s.controlRequestToken)
	on(http.MethodPost, "/refresh-tokens", s.controlRefreshTokens)
	on(http.MethodPost, "/scopes", s.controlScopes)
	on(http.MethodPost, "/credentials", s.controlCredentials)
	on(http.MethodPost, "/test-connection", s.controlTestConnection)
	on(http.MethodPost, "/move", s.controlMoveCompany)
	on(http.MethodPost, "/codes", s.controlCodes)
	return router
}

// errNoSuch means that nothing has the requested name.
var errNoSuch = errors.New("there is no such")

func writeControl(w http.ResponseWriter, result any, err error) {
	status := http.StatusOK
	if err != nil {
		status = http.StatusBadRequest
		switch {
		case errors.Is(err, errNoSuch):
			status = http.StatusNotFound
		case errors.Is(err, errTaken), errors.Is(err, errCannotMove):
			status = http.StatusConflict
		}
		result = map[string]string{"error": err.Error()}
	}
	body, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(body, '\n'))
}

// readControl reads a YAML or JSON body and refuses unknown fields. An empty body changes
// nothing.
func readControl(r *http.Request, into any) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if json.Valid(body) {
		if body, err = plainJSON(body); err != nil {
			return err
		}
	}
	if err := yaml.Load(body, into, yaml.WithKnownFields()); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	return nil
}

// plainJSON writes JSON that is also valid YAML: without tabs and escaped surrogates.
func plainJSON(body []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return out.Bytes(), err
}

func readWait(r *http.Request) (time.Duration, error) {
	text := r.URL.Query().Get("wait")
	if text == "" {
		return 0, nil
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait < 0 || wait > maxWait {
		return 0, fmt.Errorf("wait %q: want a duration of at most %s", text, maxWait)
	}
	return wait, nil
}
