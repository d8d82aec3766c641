package policy

// Files are the lists that these rules were read with, beside the rules file, as they were
// opened.
func (p *Policy) Files() []string { return nil }
