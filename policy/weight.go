package policy

// weight is how large a report or a travel request is, as far as the cost of rules goes.
type weight struct {
	objects uint64
	longest int // text, in bytes
	widest  int // map of custom fields or organisational units
}

func (w *weight) text(s string) { w.longest = max(w.longest, len(s)) }

// weigh adds an object of the shape, and its parts.
func (w *weight) weigh(s *shape, native any) {
	w.objects++
	for _, weigh := range s.weighed {
		weigh(native, w)
	}
}
