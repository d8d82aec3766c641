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

	"concur-connector/dev/factservice"
	"concur-connector/workflows"
)

// placeholderHost is the host of the fact services in a story's files. The real port is not known
// when a story is written.
const placeholderHost = "facts.example"

// doFactService sets how the fact services behave ("factservice mode MODE"), what they
// answer ("factservice answers FILE"), and puts their address into a rules file
// ("factservice address FILE").
func (s *story) doFactService(ts *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: factservice mode MODE | answers FILE | address FILE")
	}
	switch args[0] {
	case "mode":
		return s.system.facts.SetMode(args[1])
	case "answers":
		var replies map[string][]factservice.Reply
		if err := yaml.Unmarshal([]byte(ts.ReadFile(args[1])), &replies); err != nil {
			return err
		}
		s.system.facts.SetReplies(replies)
		return nil
	case "address":
		text := strings.ReplaceAll(ts.ReadFile(args[1]), placeholderHost, strings.TrimPrefix(s.system.facts.URL, "https://"))
		return os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600)
	}
	return fmt.Errorf("factservice %s: want mode, answers or address", args[0])
}

// isFetchingFacts waits until a run waits for exactly these facts.
func (s *story) isFetchingFacts(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "fetching-facts NAME FACT..."); err != nil {
		return err
	}
	return s.find(args[0], func(status workflows.Status) error {
		if status.State != workflows.FetchingFacts || !slices.Equal(status.Facts, args[1:]) {
			return fmt.Errorf("the run is in state %s and waits for %q", status.State, status.Facts)
		}
		return nil
	})
}

// isFactRequests waits until there were N requests for a fact, not counting repeated ones.
// It also compares the names of the values that were sent about each object.
func (s *story) isFactRequests(_ *testscript.TestScript, args []string) error {
	if err := want(args, 2, "fact-requests FACT N [NAME,NAME...]"); err != nil {
		return err
	}
	return s.until(func() error {
		ids := map[string]bool{}
		for _, a := range s.system.facts.Requests() {
			if a.Fact != args[0] {
				continue
			}
			ids[a.ID] = true
			if len(args) > 2 && !slices.Equal(a.Fields, args[2:]) {
				return final{fmt.Errorf("the request had %q", a.Fields)}
			}
		}
		if strconv.Itoa(len(ids)) != args[1] {
			return fmt.Errorf("there were %d requests", len(ids))
		}
		return nil
	})
}
