package approvals

import (
	_ "embed"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"concur-connector/expense"
)

// openAPI describes the HTTP interface.
//
//go:embed openapi.yaml
var openAPI []byte

// routes serves the HTTP interface below /api, and its description.
func (e *Endpoint) routes(router *mux.Router) {
	router.Handle("/openapi.yaml", methods{get: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(openAPI)
	}})
	router.Handle("/api/tasks", e.identified(methods{get: e.list}))
	router.Handle("/api/tasks/{id}", e.identified(methods{get: e.show}))
	router.Handle("/api/tasks/{id}/decisions", e.identified(methods{post: e.decide}))
	router.PathPrefix("/api").Handler(e.identified(http.HandlerFunc(unknownPath)))
}

func unknownPath(w http.ResponseWriter, _ *http.Request) {
	refuse(w, problem(NotFound, "unknown path"))
}

// methods answers a path by the method of the request. HEAD is answered as GET.
type methods struct{ get, post http.HandlerFunc }

func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case m.get != nil && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		m.get(w, r)
	case m.post != nil && r.Method == http.MethodPost:
		m.post(w, r)
	default:
		allowed := http.MethodGet + ", " + http.MethodHead
		if m.post != nil {
			allowed = http.MethodPost
		}
		w.Header().Set("Allow", allowed)
		refuse(w, problem(WrongMethod, "only "+allowed+" is allowed"))
	}
}

func (e *Endpoint) list(w http.ResponseWriter, r *http.Request) {
	filter, err := readFilter(r.URL.RawQuery)
	if err != nil {
		refuse(w, err)
		return
	}
	list, err := e.Service.List(r.Context(), actorOf(r), filter)
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, http.StatusOK, list)
}

func (e *Endpoint) show(w http.ResponseWriter, r *http.Request) {
	id, err := notificationID(r)
	if err != nil {
		refuse(w, err)
		return
	}
	view, err := e.Service.Show(r.Context(), actorOf(r), id)
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, http.StatusOK, view)
}

func (e *Endpoint) decide(w http.ResponseWriter, r *http.Request) {
	id, err := notificationID(r)
	if err != nil {
		refuse(w, err)
		return
	}
	decision, err := readDecision(r)
	if err != nil {
		refuse(w, err)
		return
	}
	decided, err := e.Service.Decide(r.Context(), actorOf(r), id, decision)
	switch {
	case err != nil:
		refuse(w, err)
	case decided.Counted:
		answer(w, http.StatusOK, decided)
	default:
		answer(w, http.StatusAccepted, decided)
	}
}

// notificationID returns the ID in the path.
func notificationID(r *http.Request) (string, error) {
	id, err := url.PathUnescape(mux.Vars(r)["id"])
	if err != nil {
		return "", problem(Malformed, "the notification ID in the path cannot be decoded")
	}
	return id, nil
}

// readFilter reads a filter from the query of a request. Every parameter but group may be given
// once; an unknown one is an error, because a misspelt filter would show too much.
func readFilter(query string) (f Filter, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return f, problem(Malformed, "the query cannot be decoded")
	}
	now := time.Now()
	var least, most, currency string
	readers := map[string]func(value string) (ok bool, must string){
		"openedBefore": func(value string) (bool, string) {
			at, err := time.Parse(time.RFC3339, value)
			f.OpenedBefore = at
			return err == nil, "must be a time such as 2026-01-31T18:00:00Z"
		},
		"olderThan": func(value string) (bool, string) {
			age, err := time.ParseDuration(value)
			f.OpenedBefore = now.Add(-age)
			return err == nil && age >= 0, "must be a duration such as 72h"
		},
		"minAmount": func(value string) (bool, string) { least = value; return true, "" },
		"maxAmount": func(value string) (bool, string) { most = value; return true, "" },
		"currency":  func(value string) (bool, string) { currency = strings.ToUpper(value); return true, "" },
		"employee":  func(value string) (bool, string) { f.Employee = value; return len(value) <= maxEmployee, "is too long" },
		"claimed": func(value string) (bool, string) {
			f.Claimed = Claimed(value)
			return value != "", "must be me, nobody or others"
		},
		"overdue": func(value string) (bool, string) {
			f.Overdue = value == "true"
			return value == "true" || value == "false", "must be true or false"
		},
		"limit": func(value string) (bool, string) {
			limit, err := strconv.Atoi(value)
			f.Limit = limit
			return err == nil && limit >= 1 && limit <= maxLimit, "must be a number from 1 to " + strconv.Itoa(maxLimit)
		},
		"cursor": func(value string) (bool, string) {
			f.Cursor = value
			return value != "", "must be the cursor of an earlier answer"
		},
	}
	f.Groups = values["group"]
	for name, given := range values {
		read, known := readers[name]
		switch {
		case name == "group":
			continue
		case !known:
			return f, problem(Malformed, "the query has an unknown parameter; openapi.yaml lists those that exist")
		case len(given) > 1:
			return f, problem(Malformed, name+" is given twice")
		}
		if ok, must := read(given[0]); !ok {
			return f, problem(Malformed, name+" "+must)
		}
	}
	if values.Has("openedBefore") && values.Has("olderThan") {
		return f, problem(Malformed, "give either openedBefore or olderThan")
	}
	if f.AtLeast, err = amount("minAmount", least, currency); err == nil {
		f.AtMost, err = amount("maxAmount", most, currency)
	}
	return f, err
}

const maxEmployee = 200

// amount reads a limit of the total. It is nil if there is none.
func amount(name, text, currency string) (*expense.Money, error) {
	if text == "" {
		return nil, nil
	}
	number, err := expense.ParseAmount(text)
	switch {
	case err != nil:
		return nil, problem(Malformed, name+" must be a number such as 1000.00")
	case currency == "":
		return nil, problem(Malformed, name+" needs the parameter currency, such as EUR")
	}
	return &expense.Money{Amount: number, Currency: currency}, nil
}
