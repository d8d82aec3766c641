package main

import (
	"bytes"
	"errors"
	"html"
	"strings"
)

// node is an element of a document, with the positions of its bytes: its start tag begins
// at start, its content is [contentStart, contentEnd), and it ends at end.
type node struct {
	name, tag                            string
	start, contentStart, contentEnd, end int
	selfClosed                           bool
	parent                               *node
	children                             []*node
}

// errNotWellFormed means that start and end tags of a document do not match.
var errNotWellFormed = errors.New("not well-formed")

// scan finds the elements of an XML document in an encoding that keeps ASCII. It decodes
// nothing, so that single texts can be replaced byte for byte. Names are local names.
func scan(doc []byte) (*node, error) {
	top := &node{contentEnd: len(doc), end: len(doc)}
	open := top
	for at := 0; at < len(doc); {
		i := bytes.IndexByte(doc[at:], '<')
		if i < 0 {
			break
		}
		at += i
		rest := doc[at:]
		var end int
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			end = after(rest, "-->")
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			end = after(rest, "]]>")
		case bytes.HasPrefix(rest, []byte("<?")):
			end = after(rest, "?>")
		case bytes.HasPrefix(rest, []byte("<!")):
			return nil, errNotWellFormed
		case bytes.HasPrefix(rest, []byte("</")):
			end = after(rest, ">")
			if end < 0 || open.parent == nil || strings.TrimSpace(string(rest[2:end-1])) != open.tag {
				return nil, errNotWellFormed
			}
			open.contentEnd, open.end = at, at+end
			open = open.parent
		default:
			end = tagEnd(rest)
			if end < 0 {
				return nil, errNotWellFormed
			}
			one := newNode(rest[:end], at, open)
			if one.tag == "" {
				return nil, errNotWellFormed
			}
			open.children = append(open.children, one)
			if !one.selfClosed {
				open = one
			}
		}
		if end < 0 {
			return nil, errNotWellFormed
		}
		at += end
	}
	if open != top || len(top.children) != 1 {
		return nil, errNotWellFormed
	}
	return top.children[0], nil
}

func newNode(tag []byte, at int, parent *node) *node {
	end := at + len(tag)
	inner := string(tag[1 : len(tag)-1])
	one := &node{start: at, contentStart: end, contentEnd: end, end: end, parent: parent}
	inner, one.selfClosed = strings.CutSuffix(inner, "/")
	if i := strings.IndexAny(inner, " \t\r\n"); i >= 0 {
		inner = inner[:i]
	}
	one.tag = inner
	one.name = inner
	if _, local, prefixed := strings.Cut(inner, ":"); prefixed {
		one.name = local
	}
	return one
}

// after returns the index after the mark, or -1.
func after(text []byte, mark string) int {
	if i := bytes.Index(text, []byte(mark)); i >= 0 {
		return i + len(mark)
	}
	return -1
}

// tagEnd returns the index after the > of a start tag. It ignores a > in a quoted value.
func tagEnd(text []byte) int {
	quote := byte(0)
	for i, c := range text {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1
		case c == '<' && i > 0:
			return -1
		}
	}
	return -1
}

// text returns the trimmed text of a node without children. It resolves entities and leaves
// out comments.
func (n *node) text(doc []byte) string {
	if len(n.children) > 0 {
		return ""
	}
	return textOf(string(doc[n.contentStart:n.contentEnd]))
}

func textOf(content string) string {
	var out strings.Builder
	for content != "" {
		plain, rest, marked := strings.Cut(content, "<!")
		out.WriteString(html.UnescapeString(plain))
		if !marked {
			break
		}
		if cdata, is := strings.CutPrefix(rest, "[CDATA["); is {
			plain, content, _ = strings.Cut(cdata, "]]>")
			out.WriteString(plain)
			continue
		}
		_, content, _ = strings.Cut(rest, "-->")
	}
	return strings.TrimSpace(out.String())
}

// findText returns the text of the first element with that name in a document that cannot be
// scanned.
func findText(doc []byte, name string) string {
	_, rest, found := bytes.Cut(doc, []byte("<"+name+">"))
	content, _, closed := bytes.Cut(rest, []byte("</"+name))
	if !found || !closed {
		return ""
	}
	return textOf(string(content))
}

// child returns the first child with that name, or nil.
func (n *node) child(name string) *node {
	for _, one := range n.children {
		if one.name == name {
			return one
		}
	}
	return nil
}

// every calls do for the node and everything below it.
func (n *node) every(do func(*node)) {
	do(n)
	for _, one := range n.children {
		one.every(do)
	}
}
