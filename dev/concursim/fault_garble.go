package main

import (
	"bytes"
	"regexp"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// unclean marks the places in a description where the fault unclean-text puts a forbidden
// character.
const unclean = "␋"

// encodings are the encodings of the fault other-encoding.
var encodings = map[string]encoding.Encoding{
	"utf-16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "iso-8859-1": charmap.ISO8859_1,
	"windows-1252": charmap.Windows1252, "UTF8": unicode.UTF8, "utf-16-in-name": unicode.UTF8,
}

var declaration = regexp.MustCompile(`^\s*<\?xml[^>]*>\s*`)

// garbled returns the answer with forbidden characters or in another encoding.
func (a answer) garbled(faults takenFaults) answer {
	clean := a.body
	a.body = garble(clean, faults)
	if f := faults.find("other-encoding"); f != nil && !bytes.HasPrefix(bytes.TrimSpace(clean), []byte("<")) && f.Param.Text != "utf-16-in-name" {
		a.contentType += "; charset=" + f.Param.Text
	}
	return a
}

func garble(body []byte, faults takenFaults) []byte {
	if f := faults.find("unclean-text"); f != nil {
		sent := "&#xB;"
		if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
			sent = `\u000b`
		}
		switch f.Param.Text {
		case "character":
			sent = "\x0b"
		case "byte":
			sent = "\xff"
		}
		body = bytes.ReplaceAll(body, []byte(unclean), []byte(sent))
	}
	f := faults.find("other-encoding")
	if f == nil || len(body) == 0 {
		return body
	}
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		name := f.Param.Text
		if name == "utf-16-in-name" {
			name = "utf-16"
		}
		body = append([]byte(`<?xml version="1.0" encoding="`+name+`"?>`), declaration.ReplaceAll(body, nil)...)
	}
	encoded, err := encoding.ReplaceUnsupported(encodings[f.Param.Text].NewEncoder()).Bytes(body)
	if err != nil {
		return body
	}
	return encoded
}
