package factservice

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// item is one object of an answer.
type item struct {
	Key    string         `json:"key"`
	Values map[string]any `json:"values"`
}

// serve answers one request and records it.
func (c *Service) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err != nil {
		return // the connector has closed the connection
	}
	c.mu.Lock()
	mode := c.mode
	status, answer := c.respond(r, body, mode)
	c.mu.Unlock()
	switch status {
	case 0:
		<-r.Context().Done()
		return
	case http.StatusTemporaryRedirect:
		w.Header().Set("Location", c.URL+"/elsewhere")
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

// respond decides the answer; status 0 means no answer. The caller holds the lock.
func (c *Service) respond(r *http.Request, body []byte, mode string) (status int, answer []byte) {
	q, err := read(r, body)
	entry := Request{Fact: name(r), ID: q.ID, Fields: q.fields(), Items: len(q.Items)}
	defer func() {
		entry.Status = status
		c.requests = append(c.requests, entry)
	}()
	if err == nil && mode == WrongSecret {
		if verify([]byte("another key than the connector's"), r, body) != nil {
			return http.StatusUnauthorized, nil
		}
	}
	if err == nil {
		err = verify(c.key, r, body)
	}
	before, known := c.answers[q.ID]
	if err == nil && known && before.body != string(body) {
		err = fmt.Errorf("its id was used for another request")
	}
	if err != nil {
		c.violations = append(c.violations, fmt.Sprintf("a request about %s: %v", name(r), err))
		return http.StatusBadRequest, []byte("{}")
	}
	if status := refused[mode]; status != 0 {
		return status, []byte(`{"message":"of the body"}`)
	}
	switch mode {
	case Slow:
		return 0, nil
	case Malformed:
		return http.StatusOK, []byte(`{"items": 7`)
	case Page:
		return http.StatusForbidden, []byte("<html>A page of a firewall</html>")
	}
	if known {
		return http.StatusOK, before.answer // a repeated request gets the same answer
	}
	items, ok := c.answerItems(name(r), q)
	if !ok {
		return http.StatusNotFound, []byte("{}")
	}
	switch mode {
	case Missing:
		items = items[1:]
	case Twice:
		items = append(items, items[0])
	}
	answer, err = json.Marshal(map[string]any{"items": items})
	if err != nil {
		return http.StatusInternalServerError, nil
	}
	if mode == Working {
		c.answers[q.ID] = pastAnswer{string(body), answer}
	}
	return http.StatusOK, answer
}

// refused are the modes in which every request is refused with a status.
var refused = map[string]int{
	Broken: http.StatusInternalServerError, Outage: http.StatusServiceUnavailable, Busy: http.StatusTooManyRequests,
	Redirect: http.StatusTemporaryRedirect, Forbidden: http.StatusForbidden,
}

// answerItems answers a request about a known fact.
func (c *Service) answerItems(fact string, q request) ([]item, bool) {
	replies, said := c.rules[fact]
	if !said && fact != "duplicates" {
		return nil, false
	}
	items := []item{}
	for _, asked := range q.Items {
		values := c.duplicate
		if said {
			values = func(asked map[string]any) map[string]any { return reply(replies, asked) }
		}
		items = append(items, item{asked.Key, values(asked.Values)})
	}
	return items, true
}

func reply(replies []Reply, about map[string]any) map[string]any {
	for _, r := range replies {
		if matches(r.When, about) {
			return r.Then
		}
	}
	return map[string]any{}
}

func matches(when, about map[string]any) bool {
	for name, value := range when {
		if fmt.Sprint(value) != fmt.Sprint(about[name]) {
			return false
		}
	}
	return true
}

// duplicate says whether a receipt was in another report before, and remembers the receipt.
// Two receipts are the same if vendor, amount and date are equal.
func (c *Service) duplicate(about map[string]any) map[string]any {
	receipt := fmt.Sprint(about["vendor"], about["amount"], about["date"])
	report := fmt.Sprint(about["report"])
	if first, known := c.seen[receipt]; known && first != report {
		return map[string]any{"duplicate": true, "reportId": first}
	}
	c.seen[receipt] = report
	return map[string]any{"duplicate": false, "reportId": nil}
}
