package main

import "encoding/json"

// glimpseComment is the comment of a body in JSON, as far as one can be made out.
func glimpseComment(body []byte) string {
	var said struct {
		Comment string `json:"comment"`
	}
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	return said.Comment
}
