package page

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bojanz/currency"
	"github.com/shopspring/decimal"
	"golang.org/x/text/language"

	"concur-connector/expense"
)

// reader is the person who looks at a page: the language, the form of dates and amounts, and the
// time zone.
type reader struct {
	texts    messages
	Language string
	locale   language.Tag
	zone     *time.Location
	ownZone  bool // the browser has named the zone
	now      time.Time
}

const zoneCookie = "approvals-zone"

// zoneOf returns the time zone that the browser has named, or else that of the approvers' file.
func zoneOf(r *http.Request, fallback *time.Location) (zone *time.Location, own bool) {
	cookie, err := r.Cookie(zoneCookie)
	if err != nil {
		return fallback, false
	}
	name, err := url.QueryUnescape(cookie.Value)
	if err != nil || name == "" || name == "Local" {
		return fallback, false
	}
	zone, err = time.LoadLocation(name)
	if err != nil {
		return fallback, false
	}
	return zone, true
}

// T returns the text of a key in the reader's language; see messages.say.
func (r reader) T(key string, pairs ...any) string { return r.texts.say(key, pairs...) }

// Has reports whether there is a text for a key.
func (r reader) Has(key string) bool { _, ok := r.texts[key]; return ok }

// Zone names the reader's time zone.
func (r reader) Zone() string { return r.zone.String() }

// OwnZone reports whether the times are those of the reader's browser.
func (r reader) OwnZone() bool { return r.ownZone }

// Locale is the reader's locale as HTML names it.
func (r reader) Locale() string { return r.locale.String() }

func (r reader) region() string {
	region, confidence := r.locale.Region()
	if confidence < language.High && r.Language == "en" {
		return "GB"
	}
	return region.String()
}

// date prints a day, such as "30 Nov 2026", "Nov 30, 2026" or "30. Nov. 2026".
func (r reader) date(at time.Time) string {
	order := "date"
	if r.region() == "US" && r.Has("date.us") {
		order = "date.us"
	}
	return r.T(order, "d", at.Day(), "m", r.T("month."+strconv.Itoa(int(at.Month()))), "y", at.Year())
}

// Day prints a day of Concur, which has no time zone. It prints a text that is no day unchanged.
func (r reader) Day(d expense.Date) string {
	at, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return string(d)
	}
	return r.date(at)
}

// Time prints a moment in the reader's time zone, with its day.
func (r reader) Time(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	at = at.In(r.zone)
	clock := at.Format("15:04")
	if r.region() == "US" {
		clock = at.Format("3:04 PM")
	}
	return r.T("time", "day", r.T("weekday."+strconv.Itoa(int(at.Weekday()))), "date", r.date(at), "time", clock)
}

// Machine prints a moment for the attribute datetime.
func (r reader) Machine(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// Ago says how long ago a moment was, or in how long it will be.
func (r reader) Ago(at time.Time) string {
	apart, key := r.now.Sub(at), "ago"
	if apart < 0 {
		apart, key = -apart, "in"
	}
	switch {
	case apart < time.Minute:
		return r.T(key + ".now")
	case apart < time.Hour:
		return r.T(key+".minutes", "n", int(apart/time.Minute))
	case apart < 48*time.Hour:
		return r.T(key+".hours", "n", int(apart/time.Hour))
	}
	return r.T(key+".days", "n", int(apart/(24*time.Hour)))
}

// formatter prints amounts as the Unicode locale data say. It computes with decimals.
func (r reader) formatter() *currency.Formatter {
	f := currency.NewFormatter(currency.NewLocale(r.locale.String()))
	f.CurrencyDisplay, f.MaxDigits = currency.DisplayCode, 8
	return f
}

// Money prints an exact amount with the code of its currency.
func (r reader) Money(m *expense.Money) string {
	if m == nil {
		return ""
	}
	amount, err := currency.NewAmount(m.Amount.String(), m.Currency)
	if err != nil {
		return strings.TrimSpace(r.Number(m.Amount.StringFixed(max(2, -m.Amount.Exponent()))) + "\u00a0" + m.Currency)
	}
	return r.formatter().Format(amount)
}

// anyCurrency formats numbers without a currency. The formatter prints no name for it.
const anyCurrency = "EUR"

// Number prints a decimal number with all of its digits. It prints any other text unchanged.
func (r reader) Number(text string) string {
	amount, err := currency.NewAmount(text, anyCurrency)
	if err != nil || len(text) > 64 {
		return text
	}
	f := r.formatter()
	_, decimals, _ := strings.Cut(text, ".")
	f.CurrencyDisplay, f.MinDigits = currency.DisplayNone, uint8(min(len(decimals), 60))
	f.MaxDigits = max(f.MinDigits, f.MaxDigits)
	return f.Format(amount)
}

// Count prints a whole number.
func (r reader) Count(n int) string { return r.Number(strconv.Itoa(n)) }

// parseAmount reads an amount as the reader writes it, such as 1.234,50 in German.
func (r reader) parseAmount(text string) (*decimal.Decimal, bool) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > 32 {
		return nil, text == ""
	}
	amount, err := r.formatter().Parse(text, anyCurrency)
	if err != nil {
		return nil, false
	}
	d, err := expense.ParseAmount(amount.Number())
	if err != nil {
		return nil, false
	}
	return &d, true
}

// Value prints the value of a field.
func (r reader) Value(f expense.ShownField) string {
	switch {
	case f.Money != nil:
		return r.Money(f.Money)
	case f.Date != "":
		return r.Day(f.Date)
	case f.Number != "":
		return r.Number(f.Number)
	case f.Yes != nil && *f.Yes:
		return r.T("yes")
	case f.Yes != nil:
		return r.T("no")
	}
	return f.Text
}

// Label names a field of the rules file for people, such as "Cost centre" or "Custom field 3".
func (r reader) Label(name string) string {
	if key := "field." + name; r.Has(key) {
		return r.T(key)
	}
	_, field, _ := strings.Cut(name, ".")
	if key := "field." + field; r.Has(key) {
		return r.T(key)
	}
	if number, part, ok := numbered(field, "custom"); ok {
		return r.T("field.custom"+part, "n", number)
	}
	if number, part, ok := numbered(field, "orgUnits"); ok {
		return r.T("field.orgUnit"+part, "n", number)
	}
	return inWords(field)
}

// numbered reads a field by number, such as custom["3"].code. part is ".code" for a code, else empty.
func numbered(field, of string) (number, part string, ok bool) {
	rest, ok := strings.CutPrefix(field, of+`["`)
	if !ok {
		return "", "", false
	}
	number, part, ok = strings.Cut(rest, `"]`)
	if part != ".code" {
		part = ""
	}
	return number, part, ok
}

// inWords turns a name such as paymentType into "Payment type".
func inWords(name string) string {
	var b strings.Builder
	for i, c := range name {
		switch {
		case i == 0:
			b.WriteString(strings.ToUpper(string(c)))
		case c >= 'A' && c <= 'Z':
			b.WriteString(" " + strings.ToLower(string(c)))
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// Groups joins the names of groups.
func (r reader) Groups(groups []string) string {
	named := make([]string, len(groups))
	for i, group := range groups {
		named[i] = r.Group(group)
	}
	return strings.Join(named, ", ")
}

// Group names a group. The group without a name is every approver.
func (r reader) Group(group string) string {
	if group == "" {
		return r.T("group.any")
	}
	return group
}
