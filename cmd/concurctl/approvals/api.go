package approvals

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"concur-connector/cmd/concurctl/cli"
	"concur-connector/expense"
	"concur-connector/internal/config"
	"concur-connector/internal/webhook"
)

const (
	requestTimeout = 30 * time.Second
	maxAnswer      = 16 << 20 // bytes
	maxToken       = 16 << 10
)

// access are the flags that say how to reach the approvals endpoint, and who asks.
type access struct{ url, tokenFile, ca string }

func (a *access) flags(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVar(&a.url, "url", "", "address of the approvals endpoint in place of CONCUR_APPROVALS_URL")
	cmd.Flags().StringVar(&a.tokenFile, "token-file", "", "file with the approver's token; - reads the standard input")
	cmd.Flags().StringVar(&a.ca, "ca", "", "file with PEM certificates to trust in addition to the system's")
	return cmd
}

// endpoint is the approvals endpoint, as one approver uses it.
type endpoint struct {
	base  *url.URL
	token string
	http  *http.Client
}

func (a *access) open(in io.Reader) (*endpoint, error) {
	address := a.url
	if address == "" {
		cfg, _, err := config.LoadIngress()
		if err := cli.ConfigError(err, "CONCUR_APPROVALS_URL"); err != nil {
			return nil, err
		}
		address = cfg.ApprovalsURL
	}
	if address == "" {
		return nil, errors.New("CONCUR_APPROVALS_URL is required: address of the approvals endpoint; or give it as --url")
	}
	base, err := parseBase(address)
	if err != nil {
		return nil, err
	}
	token, err := a.readToken(in)
	if err != nil {
		return nil, err
	}
	roots, err := config.Roots(a.ca)
	if err != nil {
		return nil, fmt.Errorf("--ca: %w", err)
	}
	return &endpoint{base: base, token: token, http: webhook.NewClient(roots)}, nil
}

func parseBase(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, errors.New("the address of the approvals endpoint must be like https://approvals.example.com")
	}
	hosts, err := webhook.NewHosts("--url", []string{u.Host}) // whoever gives the address allows its host
	if err != nil {
		return nil, fmt.Errorf("the address of the approvals endpoint cannot be used: %w", err)
	}
	u, err = hosts.WithPlainLoopback().Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the address of the approvals endpoint cannot be used: %w", err)
	}
	return u, nil
}

// readToken reads the token from a file or from the standard input. An argument would show it to
// everybody on the machine.
func (a *access) readToken(in io.Reader) (string, error) {
	switch a.tokenFile {
	case "":
		return "", errors.New("--token-file is missing: it names the file with the approver's token; - reads the standard input")
	case "-":
	default:
		file, err := os.Open(a.tokenFile)
		if err != nil {
			return "", fmt.Errorf("read the token: %w", err)
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxToken+1))
	token := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		return "", fmt.Errorf("read the token: %w", err)
	case token == "" || len(text) > maxToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", errors.New("read the token: expected one token and nothing else, such as concurctl approver add prints")
	}
	return token, nil
}

// problem is an error answer of the endpoint.
type problem struct {
	Status int                `json:"status"`
	Title  string             `json:"title"`
	Detail string             `json:"detail"`
	Winner *expense.TaskEvent `json:"winner"`
}

func (p *problem) Error() string {
	text := cli.Plain(p.Detail)
	if text == "" {
		text = "the approvals endpoint answers with status " + fmt.Sprint(p.Status)
	}
	if p.Winner != nil {
		text += "; what counts: " + eventText(*p.Winner)
	}
	return text
}

// refusesDecision returns true if the decision does not count, and would not count a moment later.
func (p *problem) refusesDecision() bool {
	switch p.Status {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return p.Status >= 400 && p.Status < 500
}

// request sends one request and returns the status and the JSON of a success. The error is a
// *problem if the endpoint has answered with one.
func (e *endpoint) request(ctx context.Context, method, path, query string, body any) (int, json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return 0, nil, fmt.Errorf("encode the request: %w", err)
		}
		content = bytes.NewReader(encoded)
	}
	address := e.base.Scheme + "://" + e.base.Host + strings.TrimRight(e.base.EscapedPath(), "/") + path
	if query != "" {
		address += "?" + query
	}
	req, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return 0, nil, fmt.Errorf("ask the approvals endpoint: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+e.token)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	response, err := e.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return 0, nil, fmt.Errorf("%s did not answer in time", e.base.Host)
		}
		return 0, nil, errors.New(webhook.ConnectionError(e.base.Host, "--ca", err))
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch {
	case err != nil:
		return 0, nil, fmt.Errorf("read the answer of %s: %w", e.base.Host, err)
	case response.StatusCode >= 300:
		p := &problem{}
		_ = json.Unmarshal(answer, p) // a gateway answers with something else, and then the status says enough
		p.Status = response.StatusCode
		return p.Status, nil, p
	case !json.Valid(answer):
		return 0, nil, fmt.Errorf("%s does not answer with JSON: is this the address of the approvals endpoint?", e.base.Host)
	}
	return response.StatusCode, answer, nil
}

// get reads a JSON document into a value.
func (e *endpoint) get(ctx context.Context, path, query string, into any) (json.RawMessage, error) {
	_, answer, err := e.request(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", e.base.Host, err)
	}
	return answer, nil
}

// taskPath is the path of the task of a notification.
func taskPath(notificationID string) string { return "/api/tasks/" + url.PathEscape(notificationID) }

// notificationOf returns the notification ID that a task ID begins with. The ID of a task is the
// notification ID, a revision and a number.
func notificationOf(taskID string) (string, error) {
	parts := strings.Split(taskID, "/")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return "", fmt.Errorf("%q is not the ID of a task: copy it from approvals list or show", cli.Plain(taskID))
	}
	return parts[0], nil
}
