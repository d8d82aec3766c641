package main

import (
	"slices"
	"strings"
)

// index finds values by a key that a client sent as a segment of a path. It is as lenient
// as sameSegment, and does not search all values.
type index[T comparable] map[string][]T

// add enters a value under its key and under the decoded key.
func (x index[T]) add(key string, one T) {
	for _, form := range formsOf(key) {
		if !slices.Contains(x[form], one) {
			x[form] = append(x[form], one)
		}
	}
}

func (x index[T]) remove(key string, one T) {
	for _, form := range formsOf(key) {
		left := slices.DeleteFunc(x[form], func(other T) bool { return other == one })
		if x[form] = left; len(left) == 0 {
			delete(x, form)
		}
	}
}

// find returns all values whose key matches the segment, in the order in which they were
// added.
func (x index[T]) find(sent string) []T { return x[unescape(sent)] }

func formsOf(key string) []string {
	if decoded := unescape(key); decoded != key {
		return []string{key, decoded}
	}
	return []string{key}
}

// directory finds reports by everything that a client or the control API can name.
type directory struct {
	names                            map[string]*report
	paths, rptKeys, steps, keptPaths index[*report]
	reportIDs, requestIDs            index[*report]
	logins                           map[string]user // by the login in lower case
	items                            map[string]listItem
	itemStates                       map[string]string // by code
}

func newDirectory() directory {
	return directory{
		names: map[string]*report{}, paths: index[*report]{}, rptKeys: index[*report]{},
		steps: index[*report]{}, keptPaths: index[*report]{},
		reportIDs: index[*report]{}, requestIDs: index[*report]{},
		logins: map[string]user{}, items: map[string]listItem{}, itemStates: map[string]string{},
	}
}

func (d directory) add(r *report) {
	d.names[r.name] = r
	d.paths.add(r.path, r)
	if r.desc.Login != "" {
		d.logins[strings.ToLower(r.desc.Login)] = user{r.desc.Login, r.desc.Employee}
	}
	if r.desc.Request {
		d.requestIDs.add(r.uuid, r)
		return
	}
	d.rptKeys.add(r.rptKey, r)
	if r.reportID != "" {
		d.reportIDs.add(r.reportID, r)
	}
	if r.payload != nil && r.payload.keptPath != "" {
		d.keptPaths.add(r.payload.keptPath, r)
	}
}

// latestRead chooses the report that a client means. Raw payloads may share keys; the client
// means the one that it read last.
func latestRead(reports []*report) *report {
	var found *report
	for _, r := range reports {
		if found == nil || r.lastRead > found.lastRead || r.lastRead == found.lastRead && r.n < found.n {
			found = r
		}
	}
	return found
}
