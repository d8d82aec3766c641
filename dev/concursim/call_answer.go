package main

import (
	"bytes"
	"compress/gzip"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answer is the answer to a request. With drop the connection is closed without an answer;
// with cut it is closed in the middle of the body. A chunked answer has no Content-Length.
type answer struct {
	status      int
	contentType string
	header      map[string]string
	body        []byte
	drop, cut   bool
	foreign     bool // another system answers: there is no correlation ID
	chunked     bool
}

const xmlType = "application/xml; charset=utf-8"

func xmlAnswer(body string) answer {
	return answer{status: http.StatusOK, contentType: xmlType, body: []byte(body)}
}

// errorAnswer is an error in the form of the web services. The page about status codes
// documents only this root element, and no JSON form:
// https://developer.concur.com/api-reference/http-status-codes.html.
func (s *simulator) errorAnswer(c *call, status int, message string) answer {
	if form := c.errorForm(); form != xmlErrors {
		return s.jsonError(c, form, status, codeOf(form, status), message)
	}
	return answer{
		status: status, contentType: xmlType,
		body: []byte(`<?xml version="1.0" encoding="utf-8"?>` +
			"\n<Error><Message>" + escapeText(message) + "</Message><Server-Time>" +
			time.Now().Format(wireTime) + "</Server-Time><Id>" + c.correlation(s) + "</Id></Error>"),
	}
}

// codeOf returns the id of an error that has no id of its own.
func codeOf(form errorForm, status int) string {
	if form == requestErrors {
		return requestCodes[status]
	}
	return ""
}

// write sends the answer. The caller has recorded it as complete unless it is dropped or
// cut.
func (a answer) write(w http.ResponseWriter, correlation string) {
	if a.drop {
		dropConnection(w)
		return
	}
	header := w.Header()
	if a.status != http.StatusNoContent {
		header.Set("Content-Type", a.contentType)
		if !a.chunked {
			header.Set("Content-Length", strconv.Itoa(len(a.body)))
		}
	}
	if !a.foreign {
		header.Set("concur-correlationid", correlation)
	}
	for name, value := range a.header {
		header.Set(name, value)
	}
	w.WriteHeader(a.status)
	half := len(a.body) / 2
	w.Write(a.body[:half])
	if a.cut || a.chunked {
		http.NewResponseController(w).Flush()
	}
	if a.cut {
		dropConnection(w)
		return
	}
	w.Write(a.body[half:])
}

// dropConnection closes the connection without another byte.
func dropConnection(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		conn.Close()
	}
}

// transferred chooses how the body is sent. If the client accepts gzip, half of the answers
// are compressed. Half of the answers are sent in chunks, without a Content-Length. The
// documentation mentions neither, and HTTP allows both. A fault can force either.
func (s *simulator) transferred(c *call, a answer, faults takenFaults) answer {
	if len(a.body) == 0 || a.drop {
		return a
	}
	random := s.draw("transfer", c.entry.N())
	zipped, chunked := random.IntN(2) == 0, random.IntN(2) == 0
	if f := faults.find("gzip-bomb"); f != nil {
		return a.compressed(bomb(f.Param.MB))
	}
	if acceptsGzip(c.request) && (zipped || faults.find("compressed") != nil) {
		a = a.compressed(zip(a.body))
	}
	a.chunked = chunked || faults.find("chunked") != nil
	return a
}

func acceptsGzip(r *http.Request) bool {
	return strings.Contains(strings.ToLower(r.Header.Get("Accept-Encoding")), "gzip")
}

// compressed returns the answer with a body that is compressed with gzip.
func (a answer) compressed(body []byte) answer {
	header := map[string]string{"Content-Encoding": "gzip"}
	maps.Copy(header, a.header)
	a.header, a.body = header, body
	return a
}

func zip(body []byte) []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(body)
	w.Close()
	return packed.Bytes()
}

// bomb returns a small gzip body that expands to so many megabytes of spaces.
func bomb(megabytes int) []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	spaces := bytes.Repeat([]byte{' '}, 1<<20)
	for range megabytes {
		w.Write(spaces)
	}
	w.Close()
	return packed.Bytes()
}
