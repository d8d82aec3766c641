package page

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"concur-connector/expense"
)

//go:embed templates/*.html
var templateFiles embed.FS

// Options configures the page.
type Options struct {
	UseCases UseCases
	Sessions Sessions
	Logger   *slog.Logger

	// OpenIDLogin is the path that begins a login at the OpenID provider. It is empty if there is no
	// provider. The page adds the parameter "next", the path to which the person wants to return.
	OpenIDLogin string
	// TimeZone is for readers whose browser names none. It is UTC if it is nil.
	TimeZone *time.Location
	// Undo is how long a person can take a decision back before the browser sends it. Zero means 6 s.
	// Without JavaScript the page asks whether the person is sure.
	Undo time.Duration
}

// Page serves the approvers' page.
type Page struct {
	options   Options
	texts     map[string]messages
	templates map[string]*template.Template
	assets    map[string]asset
	addresses map[string]string
	routes    *http.ServeMux
}

// New returns an error if an option is missing.
func New(o Options) (*Page, error) {
	if o.UseCases == nil || o.Sessions == nil || o.Logger == nil {
		return nil, errors.New("the options UseCases, Sessions and Logger are required")
	}
	if o.TimeZone == nil {
		o.TimeZone = time.UTC
	}
	if o.Undo <= 0 {
		o.Undo = 6 * time.Second
	}
	p := &Page{options: o, templates: map[string]*template.Template{}}
	var err error
	if p.texts, err = readMessages(); err != nil {
		return nil, err
	}
	if p.assets, p.addresses, err = readAssets(); err != nil {
		return nil, err
	}
	for _, name := range []string{"sign-in", "queue", "report", "confirm", "mine", "problem"} {
		parsed, err := template.ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("parse the template %s: %w", name, err)
		}
		p.templates[name] = parsed
	}
	p.routes = p.newRoutes()
	return p, nil
}

func (p *Page) newRoutes() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("GET /assets/{name}", p.asset)
	m.HandleFunc("GET /sign-in", p.showSignIn)
	m.HandleFunc("POST /sign-in", p.signIn)
	m.HandleFunc("POST /sign-out", p.signOut)
	m.HandleFunc("POST /language", p.chooseLanguage)
	m.HandleFunc("GET /{$}", p.forApprovers(p.queue))
	m.HandleFunc("GET /mine", p.forApprovers(p.mine))
	m.HandleFunc("GET /tasks/{id}", p.forApprovers(p.report))
	m.HandleFunc("GET /tasks/{id}/live", p.forApprovers(p.live))
	m.HandleFunc("POST /tasks/{id}/review", p.forApprovers(p.review))
	m.HandleFunc("POST /tasks/{id}/decide", p.forApprovers(p.decide))
	// A GET decides nothing. Whoever opens these addresses sees the report.
	m.HandleFunc("GET /tasks/{id}/review", p.backToReport)
	m.HandleFunc("GET /tasks/{id}/decide", p.backToReport)
	m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		actor, _ := p.options.Sessions.Actor(r)
		p.problem(w, r, actor, http.StatusNotFound, "problem.path")
	})
	return m
}

// maxBody is the largest form that the page reads, in bytes.
const maxBody = 64 << 10

// policy allows the page its own files only. Nothing may be inline, and nobody may frame the page.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// ServeHTTP serves one page.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	p.routes.ServeHTTP(w, r)
}

// forApprovers lets only people in who have signed in. It sends all others to the sign-in page.
func (p *Page) forApprovers(serve func(http.ResponseWriter, *http.Request, expense.Actor)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		actor, err := p.options.Sessions.Actor(r)
		switch {
		case err == nil:
			serve(w, r, actor)
		case !errors.Is(err, ErrSignedOut):
			p.explain(w, r, expense.Actor{}, err)
		case r.Header.Get("HX-Request") != "":
			w.WriteHeader(http.StatusUnauthorized) // the page that is open stays as it is
		case r.Method == http.MethodGet:
			http.Redirect(w, r, "/sign-in?"+url.Values{"next": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
		default:
			p.renderSignIn(w, r, http.StatusUnauthorized, signInForm{
				Problem: "sign-in.ended", Next: "/tasks/" + url.PathEscape(r.PathValue("id")), Comment: r.PostFormValue("comment"),
			})
		}
	}
}

func (p *Page) backToReport(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/tasks/"+url.PathEscape(r.PathValue("id")), http.StatusSeeOther)
}

// view is what every template gets.
type view struct {
	reader
	Title   string
	Here    string // the page in the navigation
	Actor   expense.Actor
	Back    string // where to return to after a choice of language
	assets  map[string]string
	Refresh int // seconds until a browser without JavaScript loads the page again; 0 means never
	Data    any
}

// Asset returns the address of an embedded file.
func (v view) Asset(name string) string { return v.assets[name] }

// Languages are the languages to choose from.
func (v view) Languages() []string { return languages }

func (p *Page) newView(r *http.Request, actor expense.Actor) view {
	name, locale := localeOf(r)
	zone, own := zoneOf(r, p.options.TimeZone)
	back := "/"
	if r.Method == http.MethodGet {
		back = localPath(r.URL.RequestURI())
	} else if id := r.PathValue("id"); id != "" {
		back = "/tasks/" + url.PathEscape(id)
	}
	return view{
		reader: reader{texts: p.texts[name], Language: name, locale: locale, zone: zone, ownZone: own, now: time.Now()},
		Actor:  actor, Back: back, assets: p.addresses,
	}
}

// render writes a page, or a part of it, only if the whole template could be executed.
func (p *Page) render(w http.ResponseWriter, r *http.Request, status int, name, part string, v view) {
	var content bytes.Buffer
	if err := p.templates[name].ExecuteTemplate(&content, part, v); err != nil {
		p.options.Logger.ErrorContext(r.Context(), "cannot render a page", "page", name, "error", err)
		http.Error(w, "this page cannot be shown", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Language)
	h.Add("Vary", "Accept-Language, Cookie")
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		h.Set("Retry-After", "10")
	}
	w.WriteHeader(status)
	_, _ = content.WriteTo(w) // a browser that has disconnected needs no page
}

// problem is what the template problem shows.
type problem struct {
	Key   string // of the messages: KEY.title and KEY.text
	Path  string // to try again; empty if that does not help
	Retry bool
}

func (p *Page) problem(w http.ResponseWriter, r *http.Request, actor expense.Actor, status int, key string) {
	v := p.newView(r, actor)
	v.Title = v.T(key + ".title")
	v.Data = problem{Key: key, Path: v.Back, Retry: status == http.StatusServiceUnavailable}
	p.render(w, r, status, "problem", "layout", v)
}

// explain shows an error of the use cases as a page.
func (p *Page) explain(w http.ResponseWriter, r *http.Request, actor expense.Actor, err error) {
	for _, known := range []struct {
		err    error
		status int
		key    string
	}{
		{ErrNotFound, http.StatusNotFound, "problem.task"},
		{ErrOwnReport, http.StatusForbidden, "problem.own"},
		{ErrNotEntitled, http.StatusForbidden, "problem.entitled"},
	} {
		if errors.Is(err, known.err) {
			p.problem(w, r, actor, known.status, known.key)
			return
		}
	}
	p.options.Logger.WarnContext(r.Context(), "a page cannot be shown", "error", err)
	p.problem(w, r, actor, http.StatusServiceUnavailable, "problem.unavailable")
}

// localPath returns a path of this page, or "/" for anything else, so that nobody can send a person
// elsewhere.
func localPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") ||
		strings.ContainsAny(path, "\\\r\n\t") || len(path) > 2000 {
		return "/"
	}
	return path
}

// chooseLanguage stores the language in a cookie.
func (p *Page) chooseLanguage(w http.ResponseWriter, r *http.Request) {
	chosen := r.PostFormValue("language")
	if _, ok := p.texts[chosen]; ok {
		http.SetCookie(w, &http.Cookie{
			Name: languageCookie, Value: chosen, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true,
			Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
		})
	}
	http.Redirect(w, r, localPath(r.PostFormValue("back")), http.StatusSeeOther)
}
