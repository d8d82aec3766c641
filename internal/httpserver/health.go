package httpserver

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/mux"
)

// readyTime bounds one look at what readiness depends on.
const readyTime = 2 * time.Second

// Health answers /healthz with 200 as long as the process answers at all, and
// /readyz with 200 when ready returns nil within two seconds, else with 503 and
// the reason. What it says when it is ready is followed by a line of each of about.
// Every other path is 404.
func Health(ready func(ctx context.Context) error, about ...func() string) http.Handler {
	router := mux.NewRouter().SkipClean(true)
	router.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		say(w, http.StatusOK, "alive")
	}).Methods(http.MethodGet, http.MethodHead)
	router.HandleFunc("/readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTime)
		defer cancel()
		if err := ready(ctx); err != nil {
			say(w, http.StatusServiceUnavailable, "not ready: "+err.Error())
			return
		}
		said := "ready"
		for _, line := range about {
			said += "\n" + line()
		}
		say(w, http.StatusOK, said)
	}).Methods(http.MethodGet, http.MethodHead)
	return router
}

func say(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, sentence)
}
