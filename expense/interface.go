package expense

// Interface names the generation of Concur's interfaces by which an expense report is
// read and acted on. Both are always of one, for their identifiers belong together.
type Interface string

// The interfaces. V3 reads by v3 and acts by v4, whose identifiers are documented to
// match. The empty Interface is V1.
const (
	V1 Interface = "v1.1"
	V3 Interface = "v3+v4"
	V4 Interface = "v4"
)

// The interfaces by which nothing is acted on: V2 reads a report by its ID. A travel request
// is read and acted on by RequestV4; RequestV1 has ended, and its documents can be decoded.
const (
	V2        Interface = "v2.0"
	RequestV4 Interface = "Request v4"
	RequestV1 Interface = "Request v1"
)

// IsV4 reports whether what is written goes by the v4 interfaces.
func (i Interface) IsV4() bool { return i == V3 || i == V4 }

// Parts says what of a report is read that takes requests of its own in v3 or v4. The
// header and the entries are always read unless HeaderOnly is set.
type Parts struct {
	HeaderOnly   bool `json:"headerOnly,omitempty"`
	Details      bool `json:"details,omitempty"` // custom and organisational fields of entries, and what else only a single expense shows
	Itemizations bool `json:"itemizations,omitempty"`
	Allocations  bool `json:"allocations,omitempty"`
	Attendees    bool `json:"attendees,omitempty"`  // how many there are, which v3 does not say
	Comments     bool `json:"comments,omitempty"`   // how many there are
	Exceptions   bool `json:"exceptions,omitempty"` // whether there are any on the report, which no header of v4 says
}

// AllParts is everything of a report.
var AllParts = Parts{Details: true, Itemizations: true, Allocations: true, Attendees: true, Comments: true, Exceptions: true}
