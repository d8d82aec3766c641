package httpserver

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/mux"
)

// readyTime is the timeout of one readiness check.
const readyTime = 2 * time.Second

// Health answers /healthz with 200. It answers /readyz with 200 if ready returns nil within two
// seconds, else with 503 and the reason. If the program is ready, the answer also contains one
// line from each function in about. Every other path is 404.
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
		text := "ready"
		for _, line := range about {
			text += "\n" + line()
		}
		say(w, http.StatusOK, text)
	}).Methods(http.MethodGet, http.MethodHead)
	return router
}

func say(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, sentence)
}
