package policy

import "concur-connector/expense"

// The shapes of a travel request.
var (
	requestExceptionShape = newShape("RequestException", map[string]shapeField{
		"code":     text(func(x *expense.RequestException) *string { return &x.Code }),
		"level":    count(func(x *expense.RequestException) **int { return &x.Level }),
		"blocking": flag(func(x *expense.RequestException) **bool { return &x.Blocking }),
	})

	segmentShape = newShape("Segment", map[string]shapeField{
		"id":        text(func(s *expense.Segment) *string { return &s.ID }),
		"type":      text(func(s *expense.Segment) *string { return &s.Type }),
		"class":     text(func(s *expense.Segment) *string { return &s.Class }),
		"from":      text(func(s *expense.Segment) *string { return &s.From }),
		"to":        text(func(s *expense.Segment) *string { return &s.To }),
		"departure": date(func(s *expense.Segment) *expense.Date { return &s.Departure }),
		"arrival":   date(func(s *expense.Segment) *expense.Date { return &s.Arrival }),
		"custom":    numbered(func(s *expense.Segment) *map[string]expense.Field { return &s.Custom }),
	})

	expectedExpenseShape = newShape("Expected", map[string]shapeField{
		"id":           text(func(e *expense.Expected) *string { return &e.ID }),
		"type":         text(func(e *expense.Expected) *string { return &e.Type }),
		"typeName":     text(func(e *expense.Expected) *string { return &e.TypeName }),
		"date":         date(func(e *expense.Expected) *expense.Date { return &e.Date }),
		"purpose":      text(func(e *expense.Expected) *string { return &e.Purpose }),
		"transaction":  amount(func(e *expense.Expected) **expense.Money { return &e.Transaction }),
		"exchangeRate": text(func(e *expense.Expected) *string { return &e.ExchangeRate }),
		"posted":       amount(func(e *expense.Expected) **expense.Money { return &e.Posted }),
		"approved":     amount(func(e *expense.Expected) **expense.Money { return &e.Approved }),
		"remaining":    amount(func(e *expense.Expected) **expense.Money { return &e.Remaining }),
		"orgUnits":     numbered(func(e *expense.Expected) *map[string]expense.Field { return &e.OrgUnits }),
		"custom":       numbered(func(e *expense.Expected) *map[string]expense.Field { return &e.Custom }),
		"allocations":  several(allocationShape, func(e *expense.Expected) *[]expense.Allocation { return &e.Allocations }),
		"segments":     several(segmentShape, func(e *expense.Expected) *[]expense.Segment { return &e.Segments }),
	})

	// All fields of a travel request except the operations that Concur offers.
	requestShape = newShape("TravelRequest", map[string]shapeField{
		"id":           text(func(r *expense.TravelRequest) *string { return &r.ID }),
		"number":       text(func(r *expense.TravelRequest) *string { return &r.Number }),
		"name":         text(func(r *expense.TravelRequest) *string { return &r.Name }),
		"purpose":      text(func(r *expense.TravelRequest) *string { return &r.Purpose }),
		"type":         text(func(r *expense.TravelRequest) *string { return &r.Type }),
		"currency":     text(func(r *expense.TravelRequest) *string { return &r.Currency }),
		"status":       text(func(r *expense.TravelRequest) *string { return &r.Status }),
		"policy":       text(func(r *expense.TravelRequest) *string { return &r.Policy }),
		"created":      date(func(r *expense.TravelRequest) *expense.Date { return &r.Created }),
		"submitted":    date(func(r *expense.TravelRequest) *expense.Date { return &r.Submitted }),
		"modified":     date(func(r *expense.TravelRequest) *expense.Date { return &r.Modified }),
		"start":        date(func(r *expense.TravelRequest) *expense.Date { return &r.Start }),
		"end":          date(func(r *expense.TravelRequest) *expense.Date { return &r.End }),
		"everSentBack": flag(func(r *expense.TravelRequest) **bool { return &r.EverSentBack }),
		"hasException": flag(func(r *expense.TravelRequest) **bool { return &r.HasException }),
		"posted":       amount(func(r *expense.TravelRequest) **expense.Money { return &r.Posted }),
		"approved":     amount(func(r *expense.TravelRequest) **expense.Money { return &r.Approved }),
		"remaining":    amount(func(r *expense.TravelRequest) **expense.Money { return &r.Remaining }),
		"city":         text(func(r *expense.TravelRequest) *string { return &r.City }),
		"subdivision":  text(func(r *expense.TravelRequest) *string { return &r.Subdivision }),
		"country":      text(func(r *expense.TravelRequest) *string { return &r.Country }),
		"custom":       numbered(func(r *expense.TravelRequest) *map[string]expense.Field { return &r.Custom }),
		"expenses":     several(expectedExpenseShape, func(r *expense.TravelRequest) *[]expense.Expected { return &r.Expenses }),
		"exceptions":   several(requestExceptionShape, func(r *expense.TravelRequest) *[]expense.RequestException { return &r.Exceptions }),
	})
)
