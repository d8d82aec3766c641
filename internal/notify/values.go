package notify

import (
	"cmp"
	"strings"
	"time"
	"unicode"

	"github.com/bojanz/currency"

	"concur-connector/expense"
)

// languages are those of the messages. The first one is the default.
var languages = []string{"en", "de"}

// The longest texts of a message, in characters.
const (
	maxValue   = 200
	maxSubject = 200
	maxWhy     = 500
)

// clean returns a text of one line and at most so many characters, without control characters
// and without marks that change the direction of writing. No field can add lines to a message,
// headers to a mail, or hide what stands beside it.
func clean(text string, most int) string {
	var b strings.Builder
	count, space := 0, false
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			space = b.Len() > 0
			continue
		case unicode.Is(unicode.Cf, r) && r != '\u200d': // joiners belong to some scripts and to emoji
			continue
		}
		if count >= most {
			return strings.TrimSpace(b.String()) + "…"
		}
		if space {
			b.WriteByte(' ')
			count, space = count+1, false
		}
		b.WriteRune(r)
		count++
	}
	return b.String()
}

// Field is a value in a message.
type Field struct {
	Name  string // as in the rules file, such as report.total
	Label string // in the reader's language; the name, if there is no word for it
	Value string // in the reader's format
}

// labels are the words for fields that most messages show.
var labels = map[string]map[string]string{
	"en": {
		"name": "Name", "purpose": "Purpose", "total": "Total", "submitted": "Submitted", "owner": "Employee", "employee": "Employee",
		"ownerName": "Employee", "number": "Number", "start": "Start", "end": "End", "country": "Country", "city": "City", "id": "ID",
	},
	"de": {
		"name": "Name", "purpose": "Zweck", "total": "Summe", "submitted": "Eingereicht", "owner": "Mitarbeiter", "employee": "Mitarbeiter",
		"ownerName": "Mitarbeiter", "number": "Nummer", "start": "Beginn", "end": "Ende", "country": "Land", "city": "Ort", "id": "ID",
	},
}

// shown returns the configured fields, in the order of the configuration.
func (c *config) shown(fields []expense.ShownField, language string) (all []Field) {
	for _, f := range c.selected(fields) {
		_, last, _ := strings.Cut(f.Name, ".")
		all = append(all, Field{
			Name:  clean(f.Name, maxName),
			Label: cmp.Or(labels[language][last], clean(f.Name, maxName)),
			Value: clean(value(f, language), maxValue),
		})
	}
	return all
}

// selected returns the configured fields as they are.
func (c *config) selected(fields []expense.ShownField) (all []expense.ShownField) {
	for _, name := range c.fields {
		for _, f := range fields {
			if f.Name == name {
				all = append(all, f)
				break
			}
		}
	}
	return all
}

func value(f expense.ShownField, language string) string {
	switch {
	case f.Money != nil:
		return money(*f.Money, language)
	case f.Date != "":
		return date(string(f.Date), language)
	case f.Number != "":
		return number(f.Number, language)
	case f.Yes != nil:
		words := map[string][2]string{"en": {"no", "yes"}, "de": {"nein", "ja"}}[language]
		if *f.Yes {
			return words[1]
		}
		return words[0]
	}
	return f.Text
}

func money(m expense.Money, language string) string {
	amount, err := currency.NewAmount(m.Amount.String(), m.Currency)
	if err != nil {
		return strings.TrimSpace(number(m.Amount.String(), language) + " " + m.Currency)
	}
	f := currency.NewFormatter(currency.NewLocale(language))
	f.CurrencyDisplay = currency.DisplayCode
	f.MaxDigits = 8
	return f.Format(amount)
}

func number(text, language string) string {
	if language == "de" {
		return strings.ReplaceAll(text, ".", ",")
	}
	return text
}

// date formats the day of a date as Concur prints it. An unreadable text stays as it is.
func date(text, language string) string {
	day, err := time.Parse(time.DateOnly, text[:min(len(text), len(time.DateOnly))])
	if err != nil {
		return text
	}
	return day.Format(map[string]string{"en": "2 Jan 2006", "de": "02.01.2006"}[language])
}

// instant formats a point in time. A zero time is empty.
func (c *config) instant(at time.Time, language string) string {
	if at.IsZero() {
		return ""
	}
	return at.In(c.zone).Format(map[string]string{"en": "2 Jan 2006, 15:04 MST", "de": "02.01.2006, 15:04 Uhr (MST)"}[language])
}
