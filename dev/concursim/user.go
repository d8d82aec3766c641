package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

const searchSchema = "urn:ietf:params:scim:api:messages:concur:2.0:SearchRequest"

// userID returns the UUID of a login, the same everywhere.
func (s *simulator) userID(login string) string {
	if id := s.documentIDs["user "+strings.ToLower(login)]; id != "" {
		return id
	}
	return makeUUID(s.draw("user", strings.ToLower(login)))
}

// user is a user that Identity v4.1 knows: the owner of a report, or one whose login
// contains the login of another.
type user struct{ login, name string }

// users returns the users that a search for the login finds. For some logins, by the seed,
// it also finds another user, sometimes as the first.
func (s *simulator) users(login string) []user {
	found, known := s.directory.logins[strings.ToLower(login)]
	if !known {
		return []user{}
	}
	users := []user{found}
	random := s.draw("near match", found.login)
	if random.IntN(2) == 0 {
		users = slices.Insert(users, random.IntN(2), nearMatch(found.login))
	}
	return users
}

func nearMatch(login string) user { return user{"a." + login, "Namesake, Another"} }

var userNameFilter = regexp.MustCompile(`^\s*userName\s+(?i:eq)\s+("(?:[^"\\]|\\.)*")\s*$`)

// handleUsersSearch simulates the search of Identity v4.1. It supports only the filter userName
// eq: https://developer.concur.com/api-guides/profile/identity-search.html.
func (s *simulator) handleUsersSearch(c *call) answer {
	var asked struct {
		Schemas            []string `json:"schemas"`
		Filter             string   `json:"filter"`
		Count              int      `json:"count"`
		Attributes         []string `json:"attributes"`
		ExcludedAttributes []string `json:"excludedAttributes"`
		Cursor             string   `json:"cursor"`
	}
	if err := strictJSON(c.body, &asked); err != nil {
		return s.errorAnswer(c, http.StatusBadRequest, "The request cannot be read.")
	}
	if !slices.Contains(asked.Schemas, searchSchema) {
		return s.errorAnswer(c, http.StatusBadRequest, "The schemas are not those of a search.")
	}
	login := ""
	filter := userNameFilter.FindStringSubmatch(asked.Filter)
	if filter == nil || json.Unmarshal([]byte(filter[1]), &login) != nil {
		return s.errorAnswer(c, http.StatusBadRequest, "The filter is not valid.")
	}
	resources := []any{}
	for _, found := range s.users(login) {
		resources = append(resources, s.renderUser(found, asked.Attributes))
	}
	return jsonAnswer(fields{
		"schemas":      []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"},
		"totalResults": len(resources), "startIndex": 1, "itemsPerPage": len(resources), "Resources": resources,
	})
}

// handleUser simulates a user of Identity v4.1 by UUID:
// https://developer.concur.com/api-reference/profile/v4.1.identity.html.
func (s *simulator) handleUser(c *call) answer {
	for _, found := range s.directory.logins {
		for _, one := range s.users(found.login) {
			if strings.EqualFold(s.userID(one.login), c.about.object) {
				return jsonAnswer(s.renderUser(one, nil))
			}
		}
	}
	return s.errorAnswer(c, http.StatusNotFound, "The user does not exist.")
}

// renderUser shows the requested attributes, and always the id.
func (s *simulator) renderUser(u user, attributes []string) fields {
	family, given := names(u.name)
	id := s.userID(u.login)
	all := fields{
		"id": id, "userName": u.login, "active": true, "displayName": strings.TrimSpace(given + " " + family),
		"name":              fields{"familyName": family, "givenName": given},
		"emails":            []any{fields{"verified": false, "type": "work", "value": u.login, "notifications": true}},
		"preferredLanguage": "en-US", "timezone": "America/New_York", "title": nil, "phoneNumbers": []any{},
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"},
		"meta":    fields{"resourceType": "User", "version": 4, "location": s.homeBase() + usersPath + id},
	}
	for name := range all {
		if len(attributes) > 0 && name != "id" && !slices.Contains(attributes, name) {
			delete(all, name)
		}
	}
	return all
}

var errMore = errors.New("there is more than one value")

// strictJSON reads one JSON value and refuses unknown fields.
func strictJSON(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errMore
	}
	return nil
}
