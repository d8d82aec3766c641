package main

import "slices"

// inAnyOrder is a list as an answer about a report shows it. No document says in which order
// a list comes: with an unordered report it is another one at each read. The later pages of a
// list go on in the order of its first page.
func inAnyOrder[T any](s *simulator, c *call, r *report, list []T) []T {
	if !r.desc.Unordered {
		return list
	}
	if c.query.Get("offset") == "" {
		r.listings++
	}
	shuffled := slices.Clone(list)
	s.draw(r.name, "order", c.endpoint, r.listings).Shuffle(len(shuffled), func(i, j int) {
		shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
	})
	return shuffled
}
