package notify

import (
	"encoding/json"
	"strings"
)

// The limits of Slack, in characters. Escaping makes a text longer, so that a text is cut to
// less than the limit before it is escaped.
//
// Source: https://docs.slack.dev/reference/block-kit/blocks
const (
	slackHeader  = 150
	slackSection = 2500 // Slack allows 3000
	slackBlocks  = 45   // Slack allows 50
)

type slackText struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Verbatim bool   `json:"verbatim,omitempty"` // so that Slack makes no links of addresses in the text
	Emoji    *bool  `json:"emoji,omitempty"`
}

type slackBlock struct {
	Type string    `json:"type"`
	Text slackText `json:"text"`
}

type slackPayload struct {
	Text        string       `json:"text"` // for notifications and screen readers
	Blocks      []slackBlock `json:"blocks"`
	UnfurlLinks bool         `json:"unfurl_links"`
	UnfurlMedia bool         `json:"unfurl_media"`
}

// slackBody is the body for an incoming webhook of Slack. The link is a link and not a button:
// a button needs an application that answers Slack.
func slackBody(m Message) ([]byte, error) {
	no := false
	p := slackPayload{Text: slackEscape(m.text.subject), Blocks: []slackBlock{
		{Type: "header", Text: slackText{Type: "plain_text", Text: cut(m.text.subject, slackHeader), Emoji: &no}},
	}}
	section := func(text string) {
		if text = strings.TrimSpace(text); text != "" && len(p.Blocks) < slackBlocks {
			p.Blocks = append(p.Blocks, slackBlock{Type: "section", Text: slackText{Type: "mrkdwn", Text: text, Verbatim: true}})
		}
	}
	section(slackEscape(cut(m.text.summary, slackSection/5)))
	var lines []string
	for _, f := range m.data.Fields {
		lines = append(lines, "*"+slackEscape(f.Label)+":* "+slackEscape(f.Value))
	}
	for i, line := range m.text.lines {
		lines = append(lines, "• "+slackLink(m.data.Tasks[i].Link, cut(line, slackSection/5)))
	}
	if m.text.more != "" {
		lines = append(lines, "• "+slackEscape(m.text.more))
	}
	text := ""
	for _, line := range lines {
		if len(text)+len(line) > slackSection {
			section(text)
			text = ""
		}
		text += line + "\n"
	}
	section(text)
	section(slackLink(m.data.Link, m.text.open))
	return json.Marshal(p)
}

// slackEscape makes a text show as it is: it can neither mention people nor contain links. An
// invisible space keeps *, _, ~ and ` from formatting what follows them.
func slackEscape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "*", "*\u200b", "_", "_\u200b", "~", "~\u200b", "`", "`\u200b").Replace(text)
}

func slackLink(address, text string) string {
	address = strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C").Replace(address)
	return "<" + address + "|" + strings.ReplaceAll(slackEscape(text), "|", "¦") + ">"
}

// cut shortens a text to so many characters.
func cut(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}
