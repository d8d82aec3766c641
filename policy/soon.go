package policy

import "concur-connector/expense"

func (p *Policy) EvaluateRequest(r *expense.TravelRequest) expense.Verdict        { return expense.Verdict{} }
func (p *Policy) KeepRequest(r *expense.TravelRequest) *expense.TravelRequest      { return r }
func (p *Policy) JudgesRequests() bool                                             { return false }
func (p *Policy) Parts() expense.Parts                                             { return expense.AllParts }
func (p *Policy) Codes() []string                                                  { return nil }
