package main

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
)

// draw returns a source of randomness that depends on the seed and on what is
// asked for alone, never on the order of requests.
func (s *simulator) draw(what ...any) *rand.Rand { return draw(s.opts.seed, what...) }

func draw(seed uint64, what ...any) *rand.Rand {
	hash := fnv.New64a()
	fmt.Fprintln(hash, what...)
	return rand.New(rand.NewPCG(seed, hash.Sum64()))
}

const keyLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

func letters(r *rand.Rand, from string, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(from[r.IntN(len(from))])
	}
	return b.String()
}

// makeKey makes a key as Concur prints it: an n, about thirty letters and digits, and $p or
// $s where base64 has + and /.
func makeKey(r *rand.Rand) string {
	marks := [2]string{"$p", "$s"}
	return "n" + letters(r, keyLetters, 8+r.IntN(6)) + marks[r.IntN(2)] +
		letters(r, keyLetters, 8+r.IntN(6)) + marks[r.IntN(2)] + letters(r, keyLetters, 6)
}

// makeReportID makes the 20 hexadecimal digits in upper case that users see.
func makeReportID(r *rand.Rand) string { return letters(r, "0123456789ABCDEF", 20) }

// makeUUID makes an identifier in the form of a UUID.
func makeUUID(r *rand.Rand) string {
	hex := letters(r, "0123456789abcdef", 32)
	return hex[:8] + "-" + hex[8:12] + "-4" + hex[13:16] + "-a" + hex[17:20] + "-" + hex[20:]
}

// inAnyOrder returns a list in the order in which an answer shows it. No document promises
// an order, so an unordered report has another one at each read. Later pages of a list keep
// the order of its first page.
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
