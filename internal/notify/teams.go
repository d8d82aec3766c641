package notify

import (
	"encoding/json"
	"strings"
)

// The limits of Teams. A message may have 28 KB; what does not fit is on the page.
//
// Source: https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
const (
	teamsBytes = 27_000
	teamsText  = 2000 // characters of the summary
)

type teamsMessage struct {
	Type        string            `json:"type"`
	Attachments []teamsAttachment `json:"attachments"`
}

type teamsAttachment struct {
	ContentType string    `json:"contentType"`
	ContentURL  *string   `json:"contentUrl"`
	Content     teamsCard `json:"content"`
}

type teamsCard struct {
	Schema  string         `json:"$schema"`
	Type    string         `json:"type"`
	Version string         `json:"version"`
	Body    []teamsBlock   `json:"body"`
	Actions []teamsOpenURL `json:"actions"`
}

// teamsBlock is a RichTextBlock: unlike in a TextBlock, Teams reads no Markdown in it, so that no
// field of a report can contain a link.
type teamsBlock struct {
	Type    string     `json:"type"`
	Inlines []teamsRun `json:"inlines"`
}

type teamsRun struct {
	Type         string        `json:"type"`
	Text         string        `json:"text"`
	Size         string        `json:"size,omitempty"`
	Weight       string        `json:"weight,omitempty"`
	SelectAction *teamsOpenURL `json:"selectAction,omitempty"`
}

type teamsOpenURL struct {
	Type  string `json:"type"`
	Title string `json:"title,omitempty"`
	URL   string `json:"url"`
}

// teamsBody is the body for a webhook of the Workflows app in Teams: a message with one Adaptive
// Card.
//
// Source: https://learn.microsoft.com/en-us/adaptive-cards/authoring-cards/getting-started
func teamsBody(m Message) ([]byte, error) {
	card := teamsCard{
		Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4",
		Actions: []teamsOpenURL{{Type: "Action.OpenUrl", Title: cut(m.text.open, 100), URL: m.data.Link}},
	}
	add := func(runs ...teamsRun) {
		for i := range runs {
			runs[i].Type = "TextRun"
		}
		card.Body = append(card.Body, teamsBlock{Type: "RichTextBlock", Inlines: runs})
	}
	add(teamsRun{Text: m.text.subject, Size: "medium", Weight: "bolder"})
	for line := range strings.SplitSeq(cut(m.text.summary, teamsText), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			add(teamsRun{Text: line})
		}
	}
	for _, f := range m.data.Fields {
		add(teamsRun{Text: f.Label + ": ", Weight: "bolder"}, teamsRun{Text: f.Value})
	}
	for i, line := range m.text.lines {
		add(teamsRun{Text: cut(line, 300), SelectAction: &teamsOpenURL{Type: "Action.OpenUrl", URL: m.data.Tasks[i].Link}})
	}
	if m.text.more != "" {
		add(teamsRun{Text: m.text.more})
	}
	for {
		body, err := json.Marshal(teamsMessage{Type: "message", Attachments: []teamsAttachment{{ContentType: "application/vnd.microsoft.card.adaptive", Content: card}}})
		if err != nil || len(body) <= teamsBytes || len(card.Body) == 1 {
			return body, err
		}
		card.Body = card.Body[:len(card.Body)-1]
	}
}
