package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v4"

	"concur-connector/dev/company"
	"concur-connector/workflows"
)

// inFiles is the company's host as the files of a story have it: which port it gets is not
// known when a story is written.
const inFiles = "company.example"

// doCompany says how the company's own systems are: "company is MOOD"; what they answer:
// "company says FILE"; and where they are, in a rules file: "company at FILE".
func (s *stage) doCompany(ts *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: company is MOOD | says FILE | at FILE")
	}
	switch args[0] {
	case "is":
		return s.house.company.Is(args[1])
	case "says":
		var replies map[string][]company.Reply
		if err := yaml.Unmarshal([]byte(ts.ReadFile(args[1])), &replies); err != nil {
			return err
		}
		s.house.company.Says(replies)
		return nil
	case "at":
		text := strings.ReplaceAll(ts.ReadFile(args[1]), inFiles, strings.TrimPrefix(s.house.company.URL, "https://"))
		return os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600)
	}
	return fmt.Errorf("company %s: it is, says, or is at", args[0])
}

// isConsulting waits until a run waits for the answers to these facts, and to no others.
func (s *stage) isConsulting(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "consults NAME FACT..."); err != nil {
		return err
	}
	return s.find(args[0], func(status workflows.Status) error {
		if status.State != workflows.FetchingFacts || !slices.Equal(status.Facts, args[1:]) {
			return fmt.Errorf("it is %s, and asks for %q", status.State, status.Facts)
		}
		return nil
	})
}

// isAsked waits until a fact was asked for by so many requests, one that was sent again not
// counted, and compares the names of what was sent about each object.
func (s *stage) isAsked(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "asked FACT N [NAME,NAME...]"); err != nil {
		return err
	}
	return s.until(func() error {
		ids := map[string]bool{}
		for _, a := range s.house.company.Asked() {
			if a.Fact != args[0] {
				continue
			}
			ids[a.ID] = true
			if len(args) > 2 && !slices.Equal(a.Fields, args[2:]) {
				return final{fmt.Errorf("it was sent %q", a.Fields)}
			}
		}
		if strconv.Itoa(len(ids)) != args[1] {
			return fmt.Errorf("there were %d", len(ids))
		}
		return nil
	})
}
