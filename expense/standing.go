package expense

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// RequestExternalValidation is the status code of a travel request at external validation in
// Concur's events and in Request v1. Request v4 documents no such code: it has
// [RequestSubmitted] for every workflow step.
const RequestExternalValidation = "Q_EXTV"

// ExternalValidation is the company's configuration for travel requests at external validation.
type ExternalValidation struct {
	// Names are the names of the status at external validation, in addition to "Pending External
	// Validation". Concur prints the name in the language of the connector's user. If Names is
	// not empty, all other names belong to other steps.
	Names []string
	// WithoutOperations means that the status alone decides if Concur's answer has no operations.
	WithoutOperations bool
}

// Standing says whether a travel request waits for the connector.
type Standing struct {
	// ValidationID identifies the submission for which the request waits or may wait for the
	// connector. It is empty if the request waits for somebody else or for nobody.
	ValidationID string
	// Unclear says why it is not known whether the request waits for the connector. A person
	// must check it.
	Unclear string
	// SkippedReason says why a person may want to check a request that the connector skips:
	// either Concur offers the operation although the status belongs to another step, or the
	// name of the status is unknown.
	SkippedReason string
}

// stepOwner says who must act at the workflow step that a status name belongs to.
type stepOwner int

const (
	unknown   stepOwner = iota // perhaps the connector, in another language
	connector                  // the connector, at external validation
	others                     // somebody else
)

// The status names that Concur documents, in English.
var (
	externalNames = []string{"Pending External Validation"}
	otherNames    = []string{
		"Submitted & Pending Approval", "Pending Approval", "Pending Cost Object Approval", "Pending Budget Approval",
		"Pending Travel Agency Update",
	}
)

func (x ExternalValidation) stepOwner(statusName string) stepOwner {
	isIn := func(names []string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return letters(n) == letters(statusName) })
	}
	switch {
	case letters(statusName) == "":
		return unknown
	case isIn(externalNames), isIn(x.Names):
		return connector
	case isIn(otherNames), len(x.Names) > 0:
		return others
	}
	return unknown
}

// letters normalizes a name for comparison: it ignores capitals, spaces, punctuation and the
// encoding of accents.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKC.String(name))
}

// Standing says whether the request waits for the connector. It does if both its status and the
// operations that Concur offers say so. Neither suffices alone: the status code is the same at
// every step, and Concur does not document whether the operations are those of the connector's
// token or of the step's approver.
func (r *TravelRequest) Standing(x ExternalValidation) Standing {
	offered := slices.Contains(r.Operations, "approve") || slices.Contains(r.Operations, "sendback")
	owner := x.stepOwner(r.StatusName)
	waits := Standing{ValidationID: r.submissionID()}
	unclear := func(format string, args ...any) Standing {
		waits.Unclear = fmt.Sprintf(format, args...)
		return waits
	}
	switch {
	case r.Status == RequestExternalValidation && owner == others, r.Over() && owner == connector:
		return unclear("its status code %s and its status name %s contradict each other", r.Status, quoted(r.StatusName))
	case r.Over():
		return Standing{}
	case owner == others, strings.HasPrefix(r.Status, "Q_") && r.Status != RequestExternalValidation && owner != connector:
		if !offered {
			return Standing{}
		}
		return Standing{SkippedReason: "Concur offers the connector to decide, although the status says that the request waits for somebody else"}
	case r.Status != RequestSubmitted && r.Status != RequestExternalValidation && (owner == connector || offered || r.Operations == nil):
		return unclear("its status code %s is not known", quoted(r.Status))
	case r.Status == RequestExternalValidation, r.Status == RequestSubmitted && owner == connector:
		switch {
		case True(r.Ended):
			return unclear("its status says that it waits at external validation, but Concur also shows it as approved, closed, canceled or no longer pending")
		case offered, r.Operations == nil && x.WithoutOperations:
			return waits
		case r.Operations == nil:
			return unclear("its status says that it waits at external validation, but Concur's answer has no operations; if Concur never sends them, set settings.actWithoutOperations in the rules file")
		}
		return unclear("its status says that it waits at external validation, but Concur does not offer the connector to decide")
	case r.Status == RequestSubmitted && offered:
		return unclear("Concur offers the connector to decide, but the status name %s is not known; if this is external validation, add the name to settings.externalValidationNames in the rules file", quoted(r.StatusName))
	case r.Status == RequestSubmitted && r.Operations == nil:
		return unclear("Concur's answer has no operations, and its status name %s is not known; if this is external validation, add the name to settings.externalValidationNames in the rules file", quoted(r.StatusName))
	}
	return Standing{SkippedReason: fmt.Sprintf("its status name %s is not known, and Concur does not offer the connector to decide; if this is external validation, add the name to settings.externalValidationNames in the rules file", quoted(r.StatusName))}
}

// HasLeft reports whether the name of the status is another one than before, so that the request
// has left its workflow step.
func (r *TravelRequest) HasLeft(before *TravelRequest) bool {
	is, was := letters(r.StatusName), letters(before.StatusName)
	return is != "" && was != "" && is != was
}

// Over reports whether the status code says that the request waits for nobody.
func (r *TravelRequest) Over() bool {
	switch r.Status {
	case RequestNotSubmitted, RequestApproved, RequestCanceled, RequestSentBack:
		return true
	}
	return false
}

// submissionID identifies the submission of the request. It stands for the validation step.
func (r *TravelRequest) submissionID() string {
	return RequestSubmitted + " " + r.ID + " " + string(r.Submitted.toSecond())
}

// quoted quotes a name from Concur, cut to 60 characters.
func quoted(name string) string {
	const most = 60
	if runes := []rune(name); len(runes) > most {
		name = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", name)
}
