package expense

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// RequestExternalValidation is the code that Concur's events and Request v1 have for a travel
// request at external validation. Request v4 documents none: there it is [RequestSubmitted],
// as at every other step.
const RequestExternalValidation = "Q_EXTV"

// ExternalValidation says how Concur shows this company that a travel request waits at
// external validation.
type ExternalValidation struct {
	// Names are what the status is called, besides "Pending External Validation": Concur
	// gives its name in the language of the connector's user. Where there are some, every other
	// name is that of somebody else's step.
	Names []string
	// WithoutOperations has the status alone decide where Concur's answer has no operations.
	WithoutOperations bool
}

// Standing says for whom a travel request waits, as far as Concur tells.
type Standing struct {
	// ValidationID names the step at which the request waits for us, or may wait: its submission. It
	// is empty where it waits for somebody else or for nobody.
	ValidationID string
	// Unclear says why it is not known whether it waits for us. A person must look.
	Unclear string
	// SkippedReason says why a person may want to look at a request that is left alone: Concur
	// offers us to decide on it, although its status says that it waits for somebody else; or
	// the name of its status is not known.
	SkippedReason string
}

// whose says whose step a status name is of.
type whose int

const (
	unknown whose = iota // it may be ours, in another language
	ours
	others
)

// The names that Concur documents, in English.
var (
	externalNames = []string{"Pending External Validation"}
	otherNames    = []string{
		"Submitted & Pending Approval", "Pending Approval", "Pending Cost Object Approval", "Pending Budget Approval",
		"Pending Travel Agency Update",
	}
)

func (x ExternalValidation) whose(name string) whose {
	named := func(names []string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return letters(n) == letters(name) })
	}
	switch {
	case letters(name) == "":
		return unknown
	case named(externalNames), named(x.Names):
		return ours
	case named(otherNames), len(x.Names) > 0:
		return others
	}
	return unknown
}

// letters makes two writings of one name equal: capitals, spaces, signs, and whether an accent is
// a character of its own do not matter.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKC.String(name))
}

// Standing says for whom the request waits. It waits for us only where the status and what
// Concur offers us to do both say so. Neither is enough by itself: whether the operations are
// those of our access token or of the step's approver is documented nowhere, and the status
// code is the same at every step.
func (r *TravelRequest) Standing(x ExternalValidation) Standing {
	offered := slices.Contains(r.Operations, "approve") || slices.Contains(r.Operations, "sendback")
	named := x.whose(r.StatusName)
	waits := Standing{ValidationID: r.submissionID()}
	unclear := func(format string, args ...any) Standing {
		waits.Unclear = fmt.Sprintf(format, args...)
		return waits
	}
	switch {
	case r.Status == RequestExternalValidation && named == others, r.Over() && named == ours:
		return unclear("its status code %s and the name of its status, %s, contradict each other", r.Status, quoted(r.StatusName))
	case r.Over():
		return Standing{}
	case named == others, strings.HasPrefix(r.Status, "Q_") && r.Status != RequestExternalValidation && named != ours:
		if !offered {
			return Standing{}
		}
		return Standing{SkippedReason: "Concur offers us to decide on it, although its status says that it waits for somebody else"}
	case r.Status != RequestSubmitted && r.Status != RequestExternalValidation && (named == ours || offered || r.Operations == nil):
		return unclear("its status code %s is not known", quoted(r.Status))
	case r.Status == RequestExternalValidation, r.Status == RequestSubmitted && named == ours:
		switch {
		case True(r.Ended):
			return unclear("its status says that it waits at external validation, and it is also shown as approved, closed, canceled or no longer pending")
		case offered, r.Operations == nil && x.WithoutOperations:
			return waits
		case r.Operations == nil:
			return unclear("its status says that it waits at external validation, and Concur's answer has no operations, which would say whether we may decide (settings.actWithoutOperations of the rules file)")
		}
		return unclear("its status says that it waits at external validation, and Concur does not offer us to decide")
	case r.Status == RequestSubmitted && offered:
		return unclear("Concur offers us to decide, and the name of its status, %s, is not known (settings.externalValidationNames of the rules file)", quoted(r.StatusName))
	case r.Status == RequestSubmitted && r.Operations == nil:
		return unclear("Concur's answer has no operations, and the name of its status, %s, is not known (settings.externalValidationNames of the rules file)", quoted(r.StatusName))
	}
	return Standing{SkippedReason: fmt.Sprintf("the name of its status, %s, is not known (settings.externalValidationNames of the rules file), and Concur does not offer us to decide", quoted(r.StatusName))}
}

// Over reports whether the status code says that nobody has to decide.
func (r *TravelRequest) Over() bool {
	switch r.Status {
	case RequestNotSubmitted, RequestApproved, RequestCanceled, RequestSentBack:
		return true
	}
	return false
}

// submissionID names the submission, which stands for the step at which the request waits.
func (r *TravelRequest) submissionID() string {
	return RequestSubmitted + " " + r.ID + " " + string(r.Submitted.toSecond())
}

// quoted is a name of Concur's inside a sentence.
func quoted(name string) string {
	const most = 60
	if runes := []rune(name); len(runes) > most {
		name = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", name)
}
