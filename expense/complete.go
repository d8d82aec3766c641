package expense

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// EntriesTotal is the sum of what was posted for the entries, in the report's currency. It
// is nil where an entry does not say what was posted, or in another currency.
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

// TotalDiffers says what the entries sum to and what Concur says that they do, when these
// are not the same amount, as the currency is written. It is empty when they are, and where
// one of them is not known. It is no proof that an entry is missing.
func (r *Report) TotalDiffers() string {
	sum := r.EntriesTotal()
	if sum == nil || r.Total == nil || sameAmount(*sum, *r.Total) {
		return ""
	}
	return fmt.Sprintf("the entries sum to %s, and the report's total is %s", sum, r.Total)
}

// MissingEntries says what Concur claims of the report's entries and what arrived, when
// that proves that entries are missing. The counts are those that Concur gives, as far as it
// gives any. Which of them are wrong, the total decides:
//
//   - No entry arrived: the report is empty only if its total is zero, no other amount that
//     is made of entries says otherwise, and no count does. Where there is neither a total
//     nor a count, nothing says that it is empty.
//   - Fewer entries arrived than are counted: some are missing if the entries sum to less than
//     the total. If they do not, the count may include the itemizations, as Concur documents
//     it: beside the entries, or in the place of those that have them.
//   - Fewer arrived, and they sum to the total: they are all there, and the counts are wrong.
//   - As many or more arrived: they are all there, whatever they sum to.
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

// isLess reports whether a sum is nearer to zero than the total, by more than rounding each
// entry can explain. A total may be negative.
func isLess(sum, total Money, entries int) bool {
	decimals, _ := Decimals(total.Currency)
	rounding := decimal.New(int64(entries), -int32(decimals))
	return sum.Currency == total.Currency && total.Amount.Abs().Sub(sum.Amount.Abs()).GreaterThan(rounding)
}

// claim puts into words what Concur claims of the entries.
func (r *Report) claim(claimed int, counts []int, amounts []*Money) string {
	var said []string
	if len(counts) > 0 {
		said = append(said, plural(claimed, "entry", "entries"))
	}
	for i, name := range []string{"a total", "personal expenses", "a claimed amount", "an approved amount"} {
		if i >= len(amounts) || amounts[i] == nil || i > 0 && (amounts[i].Amount.IsZero() || r.Total != nil && !r.Total.Amount.IsZero()) {
			continue // the total says enough
		}
		said = append(said, fmt.Sprintf("%s of %s", name, amounts[i]))
	}
	if len(said) == 0 {
		return "Concur gives neither a total nor a number of entries"
	}
	return "Concur claims " + strings.Join(said, " and ")
}

// InFull reports whether allocations come to 100 percent, but for rounding. They do not where
// one does not say its percentage.
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

// ShowsAllocation reports whether the allocations that arrived may be all of an entry that
// Concur says is allocated: one is there that is not hidden, or they come to 100 percent.
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

// sameAmount compares amounts as their currency is written: Concur prints eight decimals,
// and rounds each entry by itself.
func sameAmount(a, b Money) bool {
	if a.Currency != b.Currency {
		return false
	}
	decimals, _ := Decimals(a.Currency) // two where they are not known
	round := func(d decimal.Decimal) decimal.Decimal { return d.Round(int32(decimals)) }
	return round(a.Amount).Equal(round(b.Amount))
}

// MissingExpenses says what Concur claims of the expenses that a travel request expects, and
// what arrived, when that proves that some are missing. The links are the IDs of those that
// the request names. Expenses that sum to the total are all there.
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
	said := plural(len(links), "expense", "expenses")
	if total != nil {
		said += fmt.Sprintf(" and a total of %s", total)
	}
	return fmt.Sprintf("Concur claims %s, and %s arrived", said, plural(len(r.Expenses), "expense", "expenses"))
}
