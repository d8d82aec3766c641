package expense

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// EntriesTotal returns the sum of the posted amounts of the entries. It returns nil if an entry
// has no posted amount, or has one in another currency than the report.
func (r *Report) EntriesTotal() *Money {
	total := Money{Currency: r.Currency}
	for _, e := range r.Entries {
		if e.Posted == nil {
			return nil
		}
		var err error
		if total, err = total.Add(*e.Posted); err != nil {
			return nil
		}
	}
	return &total
}

// TotalDiffers returns a sentence with the sum of the entries and the report's total if they
// differ after rounding to the currency's decimals. It returns nothing if they are equal, or if
// one of them is unknown. A difference does not prove that an entry is missing.
func (r *Report) TotalDiffers() string {
	sum := r.EntriesTotal()
	if sum == nil || r.Total == nil || sameAmount(*sum, *r.Total) {
		return ""
	}
	return fmt.Sprintf("the entries sum to %s, and the report's total is %s", sum, r.Total)
}

// MissingEntries returns a sentence if Concur's answer proves that entries are missing. The
// sentence compares what Concur claims with what arrived. The counts are the numbers of entries
// in Concur's answer, if it has any.
//
//   - No entry arrived: the report is empty only if its total, all other sums of entries and all
//     counts are zero. Without a total and without a count, entries count as missing.
//   - Fewer entries arrived than a count says, and their sum equals the total: none is missing.
//     The count is wrong.
//   - Fewer entries arrived than a count says, and their sum is less than the total: some are
//     missing.
//   - Fewer entries arrived than a count says, and the sum decides nothing: some are missing,
//     unless the count includes the itemizations. Concur documents that it may count them in
//     addition to their entries or instead of them.
//   - As many entries as counted or more arrived: none is missing.
func (r *Report) MissingEntries(counts ...int) string {
	arrived, parts, split := len(r.Entries), 0, 0
	for _, e := range r.Entries {
		parts += len(e.Itemizations)
		if len(e.Itemizations) > 0 {
			split++
		}
	}
	claimed := slices.Max(append([]int{0}, counts...))
	if arrived == 0 {
		amounts := []*Money{r.Total, r.PersonalExpenses, r.Claimed, r.Approved}
		some := slices.ContainsFunc(amounts, func(m *Money) bool { return m != nil && !m.Amount.IsZero() })
		if claimed == 0 && !some && (r.Total != nil || len(counts) > 0) {
			return ""
		}
		return r.claim(claimed, counts, amounts) + ", and no entry arrived"
	}
	sum := r.EntriesTotal()
	known := sum != nil && r.Total != nil
	if known && sameAmount(*sum, *r.Total) {
		return ""
	}
	less := known && isLess(*sum, *r.Total, arrived)
	short := func(count int) bool {
		return count > arrived && (less || count != arrived+parts && count != arrived-split+parts)
	}
	if !slices.ContainsFunc(counts, short) {
		return ""
	}
	came := fmt.Sprintf("%s arrived", plural(arrived, "entry", "entries"))
	if sum != nil {
		came += fmt.Sprintf(", with a sum of %s", sum)
	}
	return r.claim(claimed, counts, []*Money{r.Total}) + ", and " + came
}

// isLess reports whether a sum is closer to zero than the total, by more than the rounding of
// all entries can explain. Both may be negative.
func isLess(sum, total Money, entries int) bool {
	decimals, _ := Decimals(total.Currency)
	rounding := decimal.New(int64(entries), -int32(decimals))
	return sum.Currency == total.Currency && total.Amount.Abs().Sub(sum.Amount.Abs()).GreaterThan(rounding)
}

// claim says which number of entries and which amounts Concur claims.
func (r *Report) claim(claimed int, counts []int, amounts []*Money) string {
	var claims []string
	if len(counts) > 0 {
		claims = append(claims, plural(claimed, "entry", "entries"))
	}
	for i, name := range []string{"a total", "personal expenses", "a claimed amount", "an approved amount"} {
		if i >= len(amounts) || amounts[i] == nil || i > 0 && (amounts[i].Amount.IsZero() || r.Total != nil && !r.Total.Amount.IsZero()) {
			continue // the total suffices
		}
		claims = append(claims, fmt.Sprintf("%s of %s", name, amounts[i]))
	}
	if len(claims) == 0 {
		return "Concur gives neither a total nor a number of entries"
	}
	return "Concur claims " + strings.Join(claims, " and ")
}

// InFull reports whether the percentages of the allocations sum to 100, apart from rounding. It
// returns false if a percentage is missing.
func InFull(list []Allocation) bool {
	sum := decimal.Zero
	for _, a := range list {
		share, err := decimal.NewFromString(a.Percentage)
		if err != nil {
			return false
		}
		sum = sum.Add(share)
	}
	return sum.Sub(decimal.NewFromInt(100)).Abs().LessThan(decimal.New(int64(len(list)), -2))
}

// ShowsAllocation reports whether the list can be complete for an entry that Concur calls
// allocated: it contains an allocation that is not hidden, or it sums to 100 percent.
func ShowsAllocation(list []Allocation) bool {
	return InFull(list) || slices.ContainsFunc(list, func(a Allocation) bool { return !True(a.Hidden) })
}

func plural(n int, one, many string) string {
	switch n {
	case 0:
		return "no " + one
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// sameAmount compares amounts, rounded to the decimals of their currency. Concur prints eight
// decimals, and rounds each entry separately.
func sameAmount(a, b Money) bool {
	if a.Currency != b.Currency {
		return false
	}
	decimals, _ := Decimals(a.Currency) // two for an unknown currency
	round := func(d decimal.Decimal) decimal.Decimal { return d.Round(int32(decimals)) }
	return round(a.Amount).Equal(round(b.Amount))
}

// MissingExpenses returns a sentence if Concur's answer proves that expected expenses are
// missing. The links are the IDs of the expenses that the request names. If the expenses that
// arrived sum to the total, none is missing.
func (r *TravelRequest) MissingExpenses(links []string) string {
	total := r.Posted
	arrived := map[string]bool{}
	sum := &Money{Currency: r.Currency}
	for _, e := range r.Expenses {
		arrived[strings.ToUpper(e.ID)] = true
		if sum == nil || e.Posted == nil {
			sum = nil
			continue
		}
		if added, err := sum.Add(*e.Posted); err == nil {
			sum = &added
		} else {
			sum = nil
		}
	}
	missing := slices.ContainsFunc(links, func(id string) bool { return !arrived[strings.ToUpper(id)] })
	switch {
	case len(r.Expenses) == 0 && total != nil && !total.Amount.IsZero():
	case !missing, len(r.Expenses) > 0 && sum != nil && total != nil && sameAmount(*sum, *total):
		return ""
	}
	claim := plural(len(links), "expense", "expenses")
	if total != nil {
		claim += fmt.Sprintf(" and a total of %s", total)
	}
	return fmt.Sprintf("Concur claims %s, and %s arrived", claim, plural(len(r.Expenses), "expense", "expenses"))
}
