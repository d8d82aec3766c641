package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"concur-connector/dev/concursim/journal"
)

// postedItem is one Exception element of a request.
type postedItem struct {
	index                      int
	objectType, objectID, code string
}

// handleExceptions simulates the posting of exceptions. It is strict about the form of the
// request, and answers for each exception:
// https://developer.concur.com/api-reference/expense/expense-report/post-report-exceptions.html.
func (s *simulator) handleExceptions(c *call) answer {
	r := c.report
	if r == nil || r.deleted {
		return s.errorAnswer(c, http.StatusNotFound, "The report does not exist.")
	}
	items, err := readExceptions(c.body)
	if err != nil {
		return s.errorAnswer(c, http.StatusBadRequest, "The request is not valid: "+err.Error()+".")
	}
	failures := map[int]string{}
	for _, item := range items {
		posted := journal.Exception{ObjectType: item.objectType, ObjectID: item.objectID, Code: item.code, Step: r.step}
		if p, known := r.placeOf(item.objectID); known {
			posted.ExpenseID = s.v4ID(p.expense)
		}
		if item.objectType == "Report" {
			posted.ObjectID, posted.ExpenseID = "", ""
		}
		if why := s.refuseItem(c, r, item); why != "" {
			failures[item.index] = why
			continue
		}
		s.addException(r, posted, "ALL")
		c.entry.AddPosted(posted)
	}
	if len(failures) < len(items) {
		c.entry.SetEffect()
		r.writes++
	}
	if s.moveOn(r, c.entry.Posted()) {
		c.entry.SetMovesOn()
	}
	return xmlAnswer(exceptionResult(items, failures))
}

// refuseItem returns why an exception fails; empty if it succeeds.
func (s *simulator) refuseItem(c *call, r *report, item postedItem) string {
	if c.failItems || c.failPartial && (item.index == c.failIndex || item.code == c.failCode) {
		return "Invalid Exception Code"
	}
	switch item.objectType {
	case "Report":
		if item.objectID != "" && item.objectID != r.rptKey && item.objectID != r.key {
			return "Invalid Object Id"
		}
	default:
		if o, ok := r.objects[item.objectID]; !ok || o.kind != item.objectType {
			return "Invalid Object Id"
		}
	}
	if !s.codes[item.code] {
		return "Invalid Exception Code"
	}
	return ""
}

func exceptionResult(items []postedItem, failures map[int]string) string {
	var failed, succeeded strings.Builder
	for _, item := range items {
		if why, bad := failures[item.index]; bad {
			fmt.Fprintf(&failed, "\n        <error>\n            <Index>%d</Index>\n            <message>%s</message>\n        </error>", item.index, why)
			continue
		}
		fmt.Fprintf(&succeeded, "\n        <ExceptionInfo>\n            <Index>%d</Index>\n            <Status>Success</Status>\n        </ExceptionInfo>", item.index)
	}
	list := func(tag, content string) string {
		if content == "" {
			return "    <" + tag + " />\n"
		}
		return "    <" + tag + ">" + content + "\n    </" + tag + ">\n"
	}
	return `<exception-result xmlns="` + reportNamespace + `" xmlns:i="` + instanceNamespace + `">` + "\n" +
		"    <exceptions-succeeded>" + strconv.Itoa(len(items)-len(failures)) + "</exceptions-succeeded>\n" +
		"    <exceptions-failed>" + strconv.Itoa(len(failures)) + "</exceptions-failed>\n" +
		list("errors", failed.String()) + list("ExceptionDetails", succeeded.String()) + "</exception-result>"
}

// readExceptions reads the request. It requires the documented namespace, the documented
// order of elements, and indexes that count from 1.
func readExceptions(body []byte) ([]postedItem, error) {
	root, err := readTree(body, "Exceptions")
	if err != nil {
		return nil, err
	}
	if len(root.children) == 0 {
		return nil, errors.New("there is no Exception")
	}
	order := []string{"Index", "ObjectType", "ObjectId", "ExceptionCode"}
	var items []postedItem
	for i, one := range root.children {
		if one.name != "Exception" {
			return nil, fmt.Errorf("element %s is not expected", one.name)
		}
		values := map[string]string{}
		next := 0
		for _, field := range one.children {
			for next < len(order) && order[next] != field.name {
				next++
			}
			if next == len(order) {
				return nil, fmt.Errorf("element %s is not expected there", field.name)
			}
			next++
			values[field.name] = strings.TrimSpace(field.text)
		}
		index, err := strconv.Atoi(values["Index"])
		if err != nil || index != i+1 {
			return nil, errors.New("element Index does not count from 1 without gaps")
		}
		item := postedItem{index, values["ObjectType"], values["ObjectId"], values["ExceptionCode"]}
		if item.objectType == "" {
			item.objectType = "Report"
		}
		if item.objectType != "Report" && item.objectType != "Entry" && item.objectType != "Allocation" {
			return nil, errors.New("element ObjectType is not Report, Entry or Allocation")
		}
		if item.code == "" {
			return nil, errors.New("element ExceptionCode is missing")
		}
		items = append(items, item)
	}
	return items, nil
}

// element is a node of a small XML tree.
type element struct {
	name, text string
	children   []*element
}

// readTree reads a request body. The root element must have this name, and every element
// must be in the service's namespace.
func readTree(body []byte, root string) (*element, error) {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	var top *element
	var open []*element
	for {
		token, err := decoder.Token()
		if err == io.EOF && top != nil {
			return top, nil
		}
		if err != nil {
			return nil, errors.New("the body cannot be read as XML")
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Space != reportNamespace {
				return nil, fmt.Errorf("element %s is not in namespace %s", t.Name.Local, reportNamespace)
			}
			one := &element{name: t.Name.Local}
			switch {
			case top == nil && t.Name.Local == root:
				top = one
			case len(open) == 0:
				return nil, fmt.Errorf("the root element is not %s", root)
			default:
				parent := open[len(open)-1]
				parent.children = append(parent.children, one)
			}
			open = append(open, one)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text += string(t)
			}
		case xml.Directive:
			return nil, errors.New("a document type is not allowed")
		}
	}
}
