package expense

// Interface names the version of Concur's APIs that reads a report and writes to it. A report
// is read and written through the same interface, because each has its own identifiers.
type Interface string

// The interfaces. V3 reads through v3 and writes through v4: Concur documents that their
// identifiers match. An empty Interface means V1.
const (
	V1 Interface = "v1.1"
	V3 Interface = "v3+v4"
	V4 Interface = "v4"
)

// The other interfaces. V2 only reads reports, by report ID. RequestV4 reads travel requests
// and writes to them.
const (
	V2        Interface = "v2.0"
	RequestV4 Interface = "Request v4"
)

// IsV4 reports whether writes go through v4.
func (i Interface) IsV4() bool { return i == V3 || i == V4 }

// Parts selects the parts of a report that need requests of their own in v3 or v4. Every read
// covers the header, and the entries unless HeaderOnly is true.
type Parts struct {
	HeaderOnly   bool `json:"headerOnly,omitempty"`
	Details      bool `json:"details,omitempty"` // custom and organisational fields, and others that only a single expense shows
	Itemizations bool `json:"itemizations,omitempty"`
	Allocations  bool `json:"allocations,omitempty"`
	Attendees    bool `json:"attendees,omitempty"`  // their number
	Comments     bool `json:"comments,omitempty"`   // their number
	Exceptions   bool `json:"exceptions,omitempty"` // whether the report has any
}

// AllParts selects all parts of a report.
var AllParts = Parts{Details: true, Itemizations: true, Allocations: true, Attendees: true, Comments: true, Exceptions: true}
