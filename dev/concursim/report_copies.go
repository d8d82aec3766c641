package main

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

const maxCopies = 20_000

// copies answers the creation of several reports from one description: NAME-1 to NAME-N.
type copies struct {
	Count int    `json:"count"`
	First string `json:"first"`
	Last  string `json:"last"`
}

// addCopies makes several reports from one description: all of them, or none. Each has keys
// of its own.
func (s *simulator) addCopies(d description) (copies, error) {
	now := time.Now().UTC()
	name := func(i int) string { return fmt.Sprintf("%s-%d", d.Name, i) }
	made := copies{Count: d.Copies, First: name(1), Last: name(d.Copies)}
	model := d
	model.Name = made.Last // the longest name
	switch err := model.complete(now); {
	case err != nil:
		return made, err
	case d.Copies < 1 || d.Copies > maxCopies:
		return made, fmt.Errorf("copies %d is not between 1 and %d", d.Copies, maxCopies)
	case d.Key != "" || d.RptKey != "" || d.ReportID != "" || d.UUID != "":
		return made, errors.New("copies need keys of their own: leave out key, rptKey, reportId and uuid")
	case len(s.reports)+d.Copies > maxReports:
		return made, fmt.Errorf("there are %d reports at most", maxReports)
	case d.Failed && len(s.failed.items)+d.Copies > maxFailed:
		return made, fmt.Errorf("there are %d failed notifications at most", maxFailed)
	}
	for i := range d.Copies {
		if s.directory.names[name(i+1)] != nil {
			return made, fmt.Errorf("report %s: the name is %w", name(i+1), errTaken)
		}
	}
	for i := range d.Copies {
		one := model
		one.Name, one.ReportName = name(i+1), d.ReportName
		setDefault(&one.ReportName, "Report "+one.Name)
		one.Entries = slices.Clone(model.Entries)
		if _, err := s.makeReport(one, now); err != nil {
			return made, err
		}
	}
	return made, nil
}
