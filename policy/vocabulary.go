package policy

import (
	"maps"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"concur-connector/expense"
	"concur-connector/policy/value"
)

// The shapes of the language. Names are the JSON names of package expense.
var (
	fieldShape = newShape("Field", map[string]shapeField{
		"value": listed("value", func(f *expense.Field) *string { return &f.Value }),
		"code":  listed("code", func(f *expense.Field) *string { return &f.Code }),
		"valid": flag(func(f *expense.Field) **bool { return &f.Valid }),
	})

	allocationShape = newShape("Allocation", map[string]shapeField{
		"id":           text(func(a *expense.Allocation) *string { return &a.ID }),
		"percentage":   text(func(a *expense.Allocation) *string { return &a.Percentage }),
		"accountCode1": text(func(a *expense.Allocation) *string { return &a.AccountCode1 }),
		"accountCode2": text(func(a *expense.Allocation) *string { return &a.AccountCode2 }),
		"hidden":       flag(func(a *expense.Allocation) **bool { return &a.Hidden }),
		"custom":       numbered(func(a *expense.Allocation) *map[string]expense.Field { return &a.Custom }),
	})

	itemizationShape = newShape("Itemization", map[string]shapeField{
		"id":          text(func(i *expense.Itemization) *string { return &i.ID }),
		"type":        text(func(i *expense.Itemization) *string { return &i.Type }),
		"typeName":    text(func(i *expense.Itemization) *string { return &i.TypeName }),
		"date":        date(func(i *expense.Itemization) *expense.Date { return &i.Date }),
		"transaction": amount(func(i *expense.Itemization) **expense.Money { return &i.Transaction }),
		"posted":      amount(func(i *expense.Itemization) **expense.Money { return &i.Posted }),
		"approved":    amount(func(i *expense.Itemization) **expense.Money { return &i.Approved }),
		"purpose":     text(func(i *expense.Itemization) *string { return &i.Purpose }),
		"personal":    flag(func(i *expense.Itemization) **bool { return &i.Personal }),
		"orgUnits":    numbered(func(i *expense.Itemization) *map[string]expense.Field { return &i.OrgUnits }),
		"custom":      numbered(func(i *expense.Itemization) *map[string]expense.Field { return &i.Custom }),
		"allocations": several(allocationShape, func(i *expense.Itemization) *[]expense.Allocation { return &i.Allocations }),
	})

	entryShape = newShape("Entry", map[string]shapeField{
		"id":              text(func(e *expense.Entry) *string { return &e.ID }),
		"type":            text(func(e *expense.Entry) *string { return &e.Type }),
		"typeName":        text(func(e *expense.Entry) *string { return &e.TypeName }),
		"category":        text(func(e *expense.Entry) *string { return &e.Category }),
		"date":            date(func(e *expense.Entry) *expense.Date { return &e.Date }),
		"transaction":     amount(func(e *expense.Entry) **expense.Money { return &e.Transaction }),
		"currencyName":    text(func(e *expense.Entry) *string { return &e.CurrencyName }),
		"exchangeRate":    text(func(e *expense.Entry) *string { return &e.ExchangeRate }),
		"posted":          amount(func(e *expense.Entry) **expense.Money { return &e.Posted }),
		"approved":        amount(func(e *expense.Entry) **expense.Money { return &e.Approved }),
		"purpose":         text(func(e *expense.Entry) *string { return &e.Purpose }),
		"vendor":          text(func(e *expense.Entry) *string { return &e.Vendor }),
		"location":        text(func(e *expense.Entry) *string { return &e.Location }),
		"subdivision":     text(func(e *expense.Entry) *string { return &e.Subdivision }),
		"country":         text(func(e *expense.Entry) *string { return &e.Country }),
		"paymentType":     text(func(e *expense.Entry) *string { return &e.PaymentType }),
		"personal":        flag(func(e *expense.Entry) **bool { return &e.Personal }),
		"companyCard":     flag(func(e *expense.Entry) **bool { return &e.CompanyCard }),
		"personalCard":    flag(func(e *expense.Entry) **bool { return &e.PersonalCard }),
		"itemized":        flag(func(e *expense.Entry) **bool { return &e.Itemized }),
		"hasVat":          flag(func(e *expense.Entry) **bool { return &e.HasVAT }),
		"hasExceptions":   flag(func(e *expense.Entry) **bool { return &e.HasExceptions }),
		"receiptRequired": flag(func(e *expense.Entry) **bool { return &e.ReceiptRequired }),
		"imageRequired":   flag(func(e *expense.Entry) **bool { return &e.ImageRequired }),
		"rejected":        flag(func(e *expense.Entry) **bool { return &e.Rejected }),
		"hasReceipt":      flag(func(e *expense.Entry) **bool { return &e.HasReceipt }),
		"missingReceipt":  flag(func(e *expense.Entry) **bool { return &e.MissingReceipt }),
		"attendeeCount":   count(func(e *expense.Entry) **int { return &e.AttendeeCount }),
		"commentCount":    count(func(e *expense.Entry) **int { return &e.CommentCount }),
		"orgUnits":        numbered(func(e *expense.Entry) *map[string]expense.Field { return &e.OrgUnits }),
		"custom":          numbered(func(e *expense.Entry) *map[string]expense.Field { return &e.Custom }),
		"itemizations":    several(itemizationShape, func(e *expense.Entry) *[]expense.Itemization { return &e.Itemizations }),
		"allocations":     several(allocationShape, func(e *expense.Entry) *[]expense.Allocation { return &e.Allocations }),
	})

	// All fields of a report except its action URL, which is untrusted.
	reportShape = newShape("Report", map[string]shapeField{
		"id":               text(func(r *expense.Report) *string { return &r.ID }),
		"key":              text(func(r *expense.Report) *string { return &r.Key }),
		"name":             text(func(r *expense.Report) *string { return &r.Name }),
		"purpose":          text(func(r *expense.Report) *string { return &r.Purpose }),
		"currency":         text(func(r *expense.Report) *string { return &r.Currency }),
		"status":           text(func(r *expense.Report) *string { return &r.Status }),
		"paymentStatus":    text(func(r *expense.Report) *string { return &r.PaymentStatus }),
		"policy":           text(func(r *expense.Report) *string { return &r.Policy }),
		"ledger":           text(func(r *expense.Report) *string { return &r.Ledger }),
		"date":             date(func(r *expense.Report) *expense.Date { return &r.Date }),
		"created":          date(func(r *expense.Report) *expense.Date { return &r.Created }),
		"submitted":        date(func(r *expense.Report) *expense.Date { return &r.Submitted }),
		"everSentBack":     flag(func(r *expense.Report) **bool { return &r.EverSentBack }),
		"hasException":     flag(func(r *expense.Report) **bool { return &r.HasException }),
		"hasReceiptImage":  flag(func(r *expense.Report) **bool { return &r.HasReceiptImage }),
		"total":            amount(func(r *expense.Report) **expense.Money { return &r.Total }),
		"entriesTotal":     entriesTotal,
		"personalExpenses": amount(func(r *expense.Report) **expense.Money { return &r.PersonalExpenses }),
		"dueEmployee":      amount(func(r *expense.Report) **expense.Money { return &r.DueEmployee }),
		"dueCompanyCard":   amount(func(r *expense.Report) **expense.Money { return &r.DueCompanyCard }),
		"claimed":          amount(func(r *expense.Report) **expense.Money { return &r.Claimed }),
		"approved":         amount(func(r *expense.Report) **expense.Money { return &r.Approved }),
		"orgUnits":         numbered(func(r *expense.Report) *map[string]expense.Field { return &r.OrgUnits }),
		"custom":           numbered(func(r *expense.Report) *map[string]expense.Field { return &r.Custom }),
		"entries":          several(entryShape, func(r *expense.Report) *[]expense.Entry { return &r.Entries }),
	})
)

// entriesTotal is the sum of the posted amounts of the entries. It is absent if an entry has none.
// It is computed, so [needs.add] adds the amounts of the entries for it.
var entriesTotal = shapeField{
	typ: value.MoneyType, once: true, copy: func(any, any, need, needs) {}, read: func(o *object) (ref.Val, bool) {
		total := o.native.(*expense.Report).EntriesTotal()
		if total == nil {
			return nil, false
		}
		return value.Money{Money: *total}, true
	},
}

func text[T any](at func(T) *string) shapeField {
	weigh := func(native any, w *weight) { w.text(*at(native.(T))) }
	return shapeField{typ: cel.StringType, copy: copyValue(at), weigh: weigh, read: func(o *object) (ref.Val, bool) {
		s := *at(o.native.(T))
		return types.String(s), s != ""
	}}
}

// listed is a text of a custom field. has() is true for a list item that could not be looked up,
// but reading its code or value fails.
func listed(name string, at func(*expense.Field) *string) shapeField {
	m := text(at)
	known := m.read
	m.read = func(o *object) (ref.Val, bool) {
		codeUnknown, valueUnknown := o.native.(*expense.Field).Unknown()
		if name == "code" && codeUnknown || name == "value" && valueUnknown {
			return types.WrapErr(value.Errorf("field.%s is not known: the list item could not be looked up", name)), true
		}
		return known(o)
	}
	return m
}

// flag is a truth value. has() is true when Concur provided it, also for false.
func flag[T any](at func(T) **bool) shapeField {
	return shapeField{typ: cel.BoolType, copy: copyTold(at), read: func(o *object) (ref.Val, bool) {
		b := *at(o.native.(T))
		if b == nil {
			return nil, false
		}
		return types.Bool(*b), true
	}}
}

// count is a number. has() is true when Concur provided it, also for zero.
func count[T any](at func(T) **int) shapeField {
	return shapeField{typ: cel.IntType, copy: copyTold(at), read: func(o *object) (ref.Val, bool) {
		n := *at(o.native.(T))
		if n == nil {
			return nil, false
		}
		return types.Int(*n), true
	}}
}

// amount is an amount. has() is true when Concur provided it, also for zero.
func amount[T any](at func(T) **expense.Money) shapeField {
	return shapeField{typ: value.MoneyType, copy: copyTold(at), read: func(o *object) (ref.Val, bool) {
		m := *at(o.native.(T))
		if m == nil {
			return nil, false
		}
		return value.Money{Money: *m}, true
	}}
}

// date is a date. has() is true when there is a text; reading a text that is no date fails, so
// that a rule does not take it for an absent one.
func date[T any](at func(T) *expense.Date) shapeField {
	return shapeField{typ: value.DateType, copy: copyValue(at), read: func(o *object) (ref.Val, bool) {
		s := *at(o.native.(T))
		if s == "" {
			return nil, false
		}
		d, ok := value.ParseDate(string(s))
		if !ok {
			return types.WrapErr(value.Errorf("a date cannot be read")), true
		}
		return d, true
	}}
}

func several[T, E any](of *shape, at func(T) *[]E) shapeField {
	weigh := func(native any, w *weight) {
		all := *at(native.(T))
		for i := range all {
			w.weigh(of, &all[i])
		}
	}
	return shapeField{typ: cel.ListType(of.typ), once: true, copy: copyList(of, at), weigh: weigh, read: func(o *object) (ref.Val, bool) {
		all := *at(o.native.(T))
		objects := make([]ref.Val, len(all))
		for i := range all {
			part := of.of(&all[i])
			part.via = o.via
			objects[i] = part
		}
		return types.NewRefValList(types.DefaultTypeAdapter, objects), len(all) > 0
	}}
}

func numbered[T any](at func(T) *map[string]expense.Field) shapeField {
	typ := cel.MapType(cel.StringType, fieldShape.typ)
	weigh := func(native any, w *weight) {
		fields := *at(native.(T))
		w.widest = max(w.widest, len(fields))
		for _, f := range fields {
			w.text(f.Value)
			w.text(f.Code)
		}
	}
	return shapeField{typ: typ, once: true, copy: copyNumbered(at), weigh: weigh, read: func(o *object) (ref.Val, bool) {
		m := *at(o.native.(T))
		values := make(map[ref.Val]ref.Val, len(m))
		for key, f := range m {
			values[types.String(key)] = fieldShape.of(&f)
		}
		return fieldMap{
			Mapper: types.NewRefValMap(types.DefaultTypeAdapter, values),
			keys:   slices.Sorted(maps.Keys(m)),
		}, len(m) > 0
	}}
}

// fieldMap holds custom fields or organisational units by number. An absent field reads as empty,
// because finance makes no difference between the two. "3" in entry.custom tells them apart.
type fieldMap struct {
	traits.Mapper
	keys []string
}

// Find implements traits.Mapper.
func (m fieldMap) Find(key ref.Val) (ref.Val, bool) {
	if v, ok := m.Mapper.Find(key); ok {
		return v, true
	}
	return fieldShape.of(&expense.Field{}), true
}

// Get implements traits.Indexer.
func (m fieldMap) Get(key ref.Val) ref.Val {
	v, _ := m.Find(key)
	return v
}

// Iterator implements traits.Iterable, in the same order every time.
func (m fieldMap) Iterator() traits.Iterator {
	return types.NewStringList(types.DefaultTypeAdapter, m.keys).Iterator()
}
