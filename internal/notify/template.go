package notify

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"

	"concur-connector/expense"
	"concur-connector/internal/spelling"
)

// maxText limits a rendered message, in bytes.
const maxText = 64 << 10

// Data is what a template can show.
type Data struct {
	News     string   // opened, reminder, escalated, overdue, withdrawn or test
	Kind     string   // report or request
	Language string   // en or de
	Name     string   // of the person who is told; empty for a channel of several people
	Groups   []string // those whose approval is missing
	Deadline string   // in the reader's format; empty if there is none
	Why      string   // why nobody needs to decide any more
	Link     string   // of the task's page, or in a digest that of the list
	Fields   []Field  // those of the configuration that have a value

	// Of a digest: its tasks, how many there are in all, and how many it leaves out.
	Tasks       []Line
	Count, More int

	// For the HTML part of a mail: what the other templates rendered.
	Subject, Open, MoreLine string
	Summary                 []string
}

// Line is a task in a digest.
type Line struct {
	Kind     string
	Groups   []string
	Deadline string
	Overdue  bool
	Link     string
	Fields   []Field
	Line     string // for the HTML part: what the template "line" rendered
}

//go:embed templates
var builtIn embed.FS

const htmlName = "mail.html"

// blocks are the templates that a file defines.
var blocks = map[string][]string{
	"message": {"subject", "summary", "open", "text"},
	"digest":  {"subject", "summary", "open", "text", "line", "more"},
}

// templates are the built-in templates, replaced by those of a folder.
type templates struct {
	text map[string]*template.Template // by file name without its ending, such as message.en
	html *htmltemplate.Template
}

// loadTemplates reads the templates of a folder; none means the built-in ones. A file defines any
// of the blocks of the built-in file with the same name. The error has a line for each file that
// is wrong, with the place of the mistake.
func loadTemplates(folder string) (*templates, error) {
	t := &templates{text: map[string]*template.Template{}}
	var known []string
	for kind := range blocks {
		for _, language := range languages {
			name := kind + "." + language
			text, err := builtIn.ReadFile("templates/" + name + ".txt")
			if err != nil {
				return nil, err
			}
			if t.text[name], err = template.New(name + ".txt").Parse(string(text)); err != nil {
				return nil, err
			}
			known = append(known, name+".txt")
		}
	}
	html, err := builtIn.ReadFile("templates/" + htmlName)
	if err != nil {
		return nil, err
	}
	if t.html, err = htmltemplate.New(htmlName).Parse(string(html)); err != nil {
		return nil, err
	}
	known = append(known, htmlName)
	slices.Sort(known)
	if folder == "" {
		return t, nil
	}
	files, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var problems []error
	for _, f := range files {
		if err := t.replace(folder, f, known); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) == 0 {
		problems = append(problems, t.try())
	}
	return t, errors.Join(problems...)
}

// replace reads one file of the folder.
func (t *templates) replace(folder string, f fs.DirEntry, known []string) error {
	name, path := f.Name(), filepath.Join(folder, f.Name())
	ending := filepath.Ext(name)
	if strings.HasPrefix(name, ".") || ending != ".txt" && ending != ".html" || f.IsDir() {
		return nil
	}
	if !slices.Contains(known, name) {
		return fmt.Errorf("%s: there is no message of this name%s", path, spelling.Among(name, known))
	}
	text, err := readFile(path)
	if err != nil {
		return err
	}
	if name == htmlName {
		t.html, err = htmltemplate.New(path).Option("missingkey=error").Parse(string(text))
		return positioned(err)
	}
	short := strings.TrimSuffix(name, ending)
	all := t.text[short]
	own, err := template.New(path).Parse(string(text))
	if err != nil {
		return positioned(err)
	}
	kind, _, _ := strings.Cut(short, ".")
	defined := 0
	for _, one := range own.Templates() {
		if one.Name() != path && parse.IsEmptyTree(one.Root) {
			return fmt.Errorf("%s: the block %q is empty", path, one.Name())
		}
		if one.Name() != path {
			if _, err := all.AddParseTree(one.Name(), one.Tree); err != nil {
				return positioned(err)
			}
		}
		if slices.Contains(blocks[kind], one.Name()) {
			defined++
		}
	}
	if defined == 0 {
		return fmt.Errorf("%s: it defines none of the blocks %s; begin with {{define %q}}", path, strings.Join(blocks[kind], ", "), "subject")
	}
	return nil
}

// try renders messages of every kind, so that a name that does not exist is found before a
// message needs it.
func (t *templates) try() error {
	fields := []Field{{Name: "report.name", Label: "Name", Value: "Trip"}}
	line := Line{Kind: "report", Groups: []string{"finance"}, Deadline: "2 Jan 2006", Link: "https://approvals.example.com/tasks/1", Fields: fields}
	var problems []string
	for _, language := range languages {
		for _, news := range []expense.TaskNews{expense.NewsOpened, expense.NewsReminder, expense.NewsEscalated, expense.NewsOverdue, expense.NewsWithdrawn, newsTest} {
			for _, kind := range []string{"report", "request"} {
				d := Data{News: string(news), Kind: kind, Language: language, Name: "Anna", Groups: line.Groups, Deadline: line.Deadline, Why: "recalled",
					Link: line.Link, Fields: fields}
				_, err := t.render("message", d)
				problems = addProblem(problems, err)
			}
		}
		_, err := t.render("digest", Data{Language: language, Name: "Anna", Link: line.Link, Tasks: []Line{line, {Kind: "request", Overdue: true}}, Count: 5, More: 3})
		problems = addProblem(problems, err)
	}
	if len(problems) == 0 {
		return nil
	}
	return errors.New(strings.Join(problems, "\n"))
}

func addProblem(problems []string, err error) []string {
	if err != nil && !slices.Contains(problems, err.Error()) {
		problems = append(problems, err.Error())
	}
	return problems
}

// rendered is the text of one message.
type rendered struct {
	subject, summary, open, text, html string
	lines                              []string // of a digest, one for each task
	more                               string
}

// render renders a message or a digest in the language of its data.
func (t *templates) render(kind string, d Data) (rendered, error) {
	all := t.text[kind+"."+d.Language]
	var r rendered
	var err error
	block := func(name string, data any) string {
		if err != nil {
			return ""
		}
		var text string
		text, err = execute(func(b *bounded) error { return all.ExecuteTemplate(b, name, data) })
		return strings.TrimSpace(text)
	}
	r.subject = clean(block("subject", d), maxSubject)
	r.summary, r.open, r.text = block("summary", d), clean(block("open", d), maxSubject), block("text", d)
	if kind == "digest" {
		d.Tasks = slices.Clone(d.Tasks)
		for i := range d.Tasks {
			d.Tasks[i].Line = clean(block("line", d.Tasks[i]), maxText)
			r.lines = append(r.lines, d.Tasks[i].Line)
		}
		if d.More > 0 {
			r.more = clean(block("more", d), maxSubject)
		}
	}
	if err == nil && r.subject == "" {
		err = fmt.Errorf("the block %q of %s.%s.txt is empty", "subject", kind, d.Language)
	}
	if err != nil {
		return r, err
	}
	d.Subject, d.Open, d.MoreLine, d.Summary = r.subject, r.open, r.more, strings.Split(r.summary, "\n")
	r.html, err = execute(func(b *bounded) error { return t.html.Execute(b, d) })
	return r, err
}

func execute(render func(b *bounded) error) (string, error) {
	var b bounded
	if err := render(&b); err != nil {
		return "", positioned(err)
	}
	return b.String(), nil
}

// bounded is a buffer that refuses more than maxText bytes.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxText {
		return 0, errors.New("the message is larger than 64 KiB")
	}
	return b.Buffer.Write(p)
}

// positioned removes what Go prints before the file and the line of a mistake.
func positioned(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, before := range []string{"html/template: ", "html/template:", "template: "} {
		text = strings.TrimPrefix(text, before)
	}
	return errors.New(text)
}
