package main

import (
	"bytes"
	"compress/gzip"
	"maps"
	"net/http"
	"strings"
)

// transferred decides how the body of an answer travels: compressed with half of the answers
// to those who accept gzip, and with half of them in chunks in place of a Content-Length. Neither is documented, and
// HTTP allows both. A fault has it compressed or in chunks in any case.
func (s *simulator) transferred(c *call, a answer, faults takenFaults) answer {
	if len(a.body) == 0 || a.drop {
		return a
	}
	random := s.draw("transfer", c.entry.N)
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

// compressed is the answer with a body that is in gzip.
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

// bomb is a small body in gzip that becomes so many megabytes of spaces.
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
