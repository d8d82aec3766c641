package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// usageExceptions is how stories write an exception: CODE on the report, CODE@2 on its
// second entry, CODE@2.1 on the first itemization of that entry, CODE@2/1 and CODE@2.1/1 on
// their first allocation. CODE@2:PROCESSOR also compares who sees the exception; by v1.1
// that is always ALL.
const usageExceptions = "NAME [CODE[@ENTRY[.ITEMIZATION][/ALLOCATION]][:VISIBILITY]]..."

// isExceptions compares all exceptions that were ever posted on the report.
func (s *story) isExceptions(_ *testscript.TestScript, args []string) error {
	if err := want(args, 1, "exceptions "+usageExceptions); err != nil {
		return err
	}
	r, err := s.system.sim.report(s.ctx, args[0])
	if err != nil {
		return err
	}
	return compareExceptions(r, r.Exceptions, args[1:])
}

// isExisting compares all exceptions that are on the report now, whoever put them there.
func (s *story) isExisting(_ *testscript.TestScript, args []string) error {
	if err := want(args, 1, "existing "+usageExceptions); err != nil {
		return err
	}
	return s.until(func() error {
		r, err := s.system.sim.report(s.ctx, args[0])
		if err != nil {
			return err
		}
		return compareExceptions(r, r.Existing, args[1:])
	})
}

func compareExceptions(r simReport, exceptions []simException, wanted []string) error {
	seen := slices.ContainsFunc(wanted, func(w string) bool { return strings.Contains(w, ":") })
	got := []string{}
	for _, e := range exceptions {
		where := e.Code + r.placeOf(e.ObjectID)
		if seen {
			where += ":" + r.visibility(e)
		}
		got = append(got, where)
	}
	slices.Sort(got)
	if !slices.Equal(got, slices.Sorted(slices.Values(wanted))) {
		return fmt.Errorf("the report has %v", got)
	}
	return nil
}

// placeOf returns where an object is in the report, as stories write it.
func (r simReport) placeOf(id string) string {
	for i, entry := range r.Entries {
		at := "@" + strconv.Itoa(i+1)
		if entry == id {
			return at
		}
		if a := slices.Index(r.Allocations[i], id); a >= 0 {
			return at + "/" + strconv.Itoa(a+1)
		}
		for j, item := range r.Itemizations[i] {
			of := at + "." + strconv.Itoa(j+1)
			if item.Key == id {
				return of
			}
			if a := slices.Index(item.Allocations, id); a >= 0 {
				return of + "/" + strconv.Itoa(a+1)
			}
		}
	}
	return ""
}

// visibility returns who sees an exception that is on the report now.
func (r simReport) visibility(e simException) string {
	for _, sys := range r.Existing {
		if sys.ObjectType == e.ObjectType && sys.ObjectID == e.ObjectID && sys.Code == e.Code {
			return sys.Visibility
		}
	}
	return "gone"
}
