package main

// Each interface has identifiers of its own for a policy. Whether those of version 1.1 and of
// v3 are the same nobody documents: the seed decides.

func (s *simulator) policyV3(r *report) string { return makeKey(s.draw("policy", r.desc.Policy)) }

func (s *simulator) policyV1(r *report) string {
	if s.draw("policy of version 1.1").IntN(2) == 0 {
		return s.policyV3(r)
	}
	return makeKey(s.draw("policy of version 1.1", r.desc.Policy))
}

func (s *simulator) policyV4(r *report) string {
	return letters(s.draw("policy v4", r.desc.Policy), hexDigits, 32)
}
