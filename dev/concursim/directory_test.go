package main

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIndexFindsEqualKeys(t *testing.T) {
	t.Parallel()
	t.Run("find returns all values with an equal key, in order", func(t *testing.T) {
		t.Parallel()
		random := rand.New(rand.NewPCG(1, 2))
		text := func() string { return letters(random, "%%%254aA1$", 1+random.IntN(6)) }
		keys := make([]string, 2000)
		x := index[int]{}
		for i := range keys {
			keys[i] = text()
			x.add(keys[i], i)
		}
		found := 0
		for range 2000 {
			sent := text()
			var want []int
			for i, key := range keys {
				if sameSegment(key, sent) {
					want = append(want, i)
				}
			}
			require.Equal(t, want, x.find(sent), sent)
			found += len(want)
		}
		require.Greater(t, found, 100)
	})
	t.Run("remove keeps other values with the same key", func(t *testing.T) {
		t.Parallel()
		x := index[int]{}
		x.add("a%25b", 1)
		x.add("a%25b", 2)
		x.add("a%25b", 2)
		x.remove("a%25b", 1)
		require.Equal(t, []int{2}, x.find("a%25b"))
		require.Equal(t, []int{2}, x.find("a%2525b"))
		x.remove("a%25b", 2)
		require.Empty(t, x)
	})
}
