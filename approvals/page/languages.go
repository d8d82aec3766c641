package page

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

//go:embed messages/*.json
var messageFiles embed.FS

// languages are the languages of the page. The first is for readers who understand none of them.
var languages = []string{"en", "de"}

const languageCookie = "approvals-language"

// messages are the texts of one language, by key.
type messages map[string]string

// readMessages reads the message file of each language.
func readMessages() (map[string]messages, error) {
	all := map[string]messages{}
	for _, name := range languages {
		content, err := fs.ReadFile(messageFiles, path.Join("messages", name+".json"))
		if err != nil {
			return nil, err
		}
		var texts messages
		if err := json.Unmarshal(content, &texts); err != nil {
			return nil, fmt.Errorf("read the message file of the language %s: %w", name, err)
		}
		all[name] = texts
	}
	return all, nil
}

// say returns the text of a key. Names and values alternate: "{name}" in the text becomes the
// value. If a value named n is 1, the text of key.one is used where there is one.
func (m messages) say(key string, pairs ...any) string {
	var replace []string
	for i := 0; i+1 < len(pairs); i += 2 {
		name, value := fmt.Sprint(pairs[i]), fmt.Sprint(pairs[i+1])
		if name == "n" && value == "1" {
			if _, ok := m[key+".one"]; ok {
				key += ".one"
			}
		}
		replace = append(replace, "{"+name+"}", value)
	}
	text, ok := m[key]
	if !ok {
		return key
	}
	return strings.NewReplacer(replace...).Replace(text)
}

// localeOf returns the language of the page and the reader's locale, which decides on the form of
// dates and amounts: the reader's choice, or else what the browser prefers. A reader who has
// chosen a language keeps the region that the browser names with it.
func localeOf(r *http.Request) (name string, locale language.Tag) {
	preferred, _, _ := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	chosen := ""
	if cookie, err := r.Cookie(languageCookie); err == nil && slices.Contains(languages, cookie.Value) {
		chosen = cookie.Value
	}
	for _, tag := range preferred {
		base, confidence := tag.Base()
		spoken := base.String()
		if confidence == language.No || !slices.Contains(languages, spoken) || chosen != "" && spoken != chosen {
			continue
		}
		return spoken, tag
	}
	if chosen == "" {
		chosen = languages[0]
	}
	return chosen, language.Make(chosen)
}
