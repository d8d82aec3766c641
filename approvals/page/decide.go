package page

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"concur-connector/expense"
)

// maxComment is the longest comment that a form takes, in characters.
const maxComment = 2000

// readDecision reads the form of a decision.
func readDecision(r *http.Request) expense.Decision {
	text := func(name string) string { return strings.TrimSpace(strings.ToValidUTF8(r.PostFormValue(name), "�")) }
	return expense.Decision{
		TaskID: text("task"), ID: text("id"), Decision: expense.DecisionChoice(text("decision")),
		Comment: strings.ReplaceAll(text("comment"), "\r\n", "\n"), To: text("to"),
	}
}

// wrong returns the key of the message about a form that cannot be sent. It is empty if the form can.
func wrong(d expense.Decision, commentRequired bool) string {
	silent := !strings.ContainsFunc(d.Comment, func(c rune) bool { return unicode.IsGraphic(c) && !unicode.IsSpace(c) })
	switch {
	case len([]rune(d.Comment)) > maxComment:
		return "wrong.long"
	case d.Decision == expense.DecideSendBack && silent:
		return "wrong.send-back"
	case d.Decision == expense.DecideApprove && silent && commentRequired:
		return "wrong.approve"
	case d.Decision == expense.AddComment && silent:
		return "wrong.comment"
	case d.Decision == expense.DelegateTask && d.To == "":
		return "wrong.to"
	}
	return ""
}

// review asks a person whether they are sure. It sends nothing.
func (p *Page) review(w http.ResponseWriter, r *http.Request, actor expense.Actor) {
	d := readDecision(r)
	found, err := p.options.UseCases.Show(r.Context(), actor, r.PathValue("id"))
	if err != nil {
		p.explain(w, r, actor, err)
		return
	}
	v := p.newView(r, actor)
	if !found.MayDecide() || found.Task.ID != d.TaskID {
		p.tooLate(w, r, v, found, d, "")
		return
	}
	if key := wrong(d, found.Task.CommentRequired); key != "" {
		p.incomplete(w, r, v, found, d, key)
		return
	}
	if d.Decision != expense.DecideApprove && d.Decision != expense.DecideSendBack {
		p.backToReport(w, r)
		return
	}
	data := reportPage{Report: found, Me: actor.Name}
	data.arrange(v, found.Path())
	v.Title, v.Data = v.T("confirm.title."+string(d.Decision)), confirmPage{reportPage: data, Decision: d}
	p.render(w, r, http.StatusOK, "confirm", "layout", v)
}

// confirmPage is what the template confirm shows.
type confirmPage struct {
	reportPage
	Decision expense.Decision
	Again    bool // nobody knows whether it is stored
}

// choices are what a form may send.
var choices = []expense.DecisionChoice{
	expense.DecideApprove, expense.DecideSendBack, expense.AddComment, expense.ClaimTask, expense.ReleaseTask, expense.DelegateTask,
}

// decide sends a decision and shows what became of it.
func (p *Page) decide(w http.ResponseWriter, r *http.Request, actor expense.Actor) {
	d, id := readDecision(r), r.PathValue("id")
	if !slices.Contains(choices, d.Decision) || d.TaskID == "" || d.ID == "" {
		p.problem(w, r, actor, http.StatusBadRequest, "problem.form")
		return
	}
	if key := wrong(d, false); key != "" {
		if found, err := p.options.UseCases.Show(r.Context(), actor, id); err == nil && found.MayDecide() && found.Task.ID == d.TaskID {
			p.incomplete(w, r, p.newView(r, actor), found, d, key)
			return
		}
	}
	answer, err := p.options.UseCases.Decide(r.Context(), actor, id, d)
	if errors.Is(err, ErrUnavailable) {
		answer, err = Answer{Result: Unknown}, nil
	}
	if err != nil {
		p.explain(w, r, actor, err)
		return
	}
	if answer.Result == Counted || answer.Result == Stored {
		http.Redirect(w, r, "/tasks/"+url.PathEscape(id)+"?"+url.Values{"decision": {d.ID}}.Encode(), http.StatusSeeOther)
		return
	}
	v := p.newView(r, actor)
	found, err := p.options.UseCases.Show(r.Context(), actor, id)
	switch {
	case answer.Result == Unknown:
		p.again(w, r, v, found, err, d)
	case answer.Result == CommentMissing && err == nil && found.Task != nil:
		key := "wrong.approve"
		if d.Decision == expense.DecideSendBack {
			key = "wrong.send-back"
		}
		p.incomplete(w, r, v, found, d, key)
	case err != nil:
		p.explain(w, r, actor, err)
	case answer.Result == Refused:
		p.renderReport(w, r, http.StatusForbidden, v, found, &notice{
			Kind: "bad", Title: v.T("notice.refused"), Text: answer.Why, Plain: true,
		}, decisionForm{Comment: d.Comment})
	default:
		p.tooLate(w, r, v, found, d, answer.Why)
	}
}

// incomplete shows the form again with what is missing.
func (p *Page) incomplete(w http.ResponseWriter, r *http.Request, v view, found Report, d expense.Decision, key string) {
	p.renderReport(w, r, http.StatusUnprocessableEntity, v, found, nil, decisionForm{
		DecisionID: d.ID, Comment: d.Comment, To: d.To, Wrong: key, About: d.Decision,
	})
}

// again offers to send a decision again of which nobody knows whether it is stored.
func (p *Page) again(w http.ResponseWriter, r *http.Request, v view, found Report, err error, d expense.Decision) {
	if err != nil {
		found = Report{NotificationID: r.PathValue("id"), Task: &expense.Task{ID: d.TaskID}}
	}
	if found.NotificationID == "" {
		found.NotificationID = r.PathValue("id")
	}
	v.Title, v.Data = v.T("again.title"), confirmPage{reportPage: reportPage{Report: found, Me: v.Actor.Name}, Decision: d, Again: true}
	p.render(w, r, http.StatusServiceUnavailable, "confirm", "layout", v)
}

// tooLate says what happened to a task before the decision of this person came.
func (p *Page) tooLate(w http.ResponseWriter, r *http.Request, v view, found Report, d expense.Decision, why string) {
	n := &notice{Kind: "bad", Title: v.T("notice.late"), Text: why, Plain: true}
	mine := slices.ContainsFunc(found.Record, func(e expense.TaskEvent) bool { return e.DecisionID == d.ID && e.Kind == expense.TaskCounted })
	switch winner := found.Winner(); {
	case mine:
		n = v.outcomeOf(found, d.ID)
	case winner != nil:
		n.Text, n.Plain = v.T("notice.winner."+string(winner.Decision), "who", v.who(*winner), "at", v.Time(winner.At)), false
	case found.Withdrawal() != nil:
		n.Title, n.Text = v.T("notice.withdrawn"), found.Withdrawal().Why
	case found.Task != nil && found.Task.ID != d.TaskID:
		n.Title, n.Text, n.Plain = v.T("notice.stale"), v.T("notice.stale.text"), false
	case found.Refusal != "":
		n.Title, n.Text = v.T("notice.refused"), found.Refusal
	case found.Task != nil:
		n.Title = v.T("notice.refused")
	}
	p.renderReport(w, r, http.StatusConflict, v, found, n, decisionForm{Comment: d.Comment})
}

// outcomeOf says what became of a decision of this person. It is nil if the page is not about one.
func (v view) outcomeOf(found Report, decisionID string) *notice {
	if decisionID == "" {
		return nil
	}
	for _, e := range found.Record {
		if e.DecisionID != decisionID {
			continue
		}
		if e.Kind == expense.TaskRefused {
			return &notice{Kind: "bad", Title: v.T("notice.refused"), Text: e.Why, Plain: true}
		}
		n := &notice{Kind: "good", Title: v.T("notice.counted." + string(e.Decision))}
		switch {
		case e.Decision == expense.DecideApprove && found.Task != nil && len(found.Missing) > 0:
			n.Text = v.T("notice.missing", "missing", v.Missing(found.Missing))
		case e.Decision == expense.DecideApprove || e.Decision == expense.DecideSendBack:
			n.Text = v.T("notice.next." + string(e.Decision))
		}
		return n
	}
	return &notice{Kind: "info", Title: v.T("notice.stored"), Text: v.T("notice.stored.text")}
}

// Missing says which approvals are missing, such as "finance, 2 people of controllers".
func (r reader) Missing(missing []expense.RequiredApproval) string {
	var parts []string
	for _, one := range missing {
		parts = append(parts, r.T("missing", "n", max(1, one.Count), "group", r.Group(one.Group)))
	}
	return strings.Join(parts, ", ")
}
