package decode

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"

	"concur-connector/concur/wire"
)

// maxPayload bounds what is read, in bytes; it is as much as the connector reads of
// one answer.
const maxPayload = 32 << 20

func Command() *cobra.Command {
	return &cobra.Command{
		Use:   "decode FILE",
		Short: "Print what the connector reads in a payload of Concur",
		Long: `Reads a payload that Concur has sent, from a file or from the standard input for "-",
and prints as JSON what the connector reads from it. The command knows these payloads:

- callouts, the failed list, and details of reports (v1.1), in XML
- headers of reports (v3 and v4), their entries (v3) and expenses (v4), and travel
  requests (v4), in JSON
- answers and refusals of the token endpoint
- errors of every interface

If a report claims entries that are not in the payload, "missing" names what is missing.
A worker reads such a report again and then parks it.

If the connector could not use a payload either, the command prints one sentence and exits
with status 1. It prints no names of people and no bank, card or receipt data, because the
connector does not keep them. Of tokens it prints the lengths only.`,
		Example: `  concurctl decode callout.xml
  curl -s ... | concurctl decode - | jq .view`,
		Args: cli.ExactArgs(1, "the FILE to read, or -"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := ReadFile(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			p, err := Decode(body)
			if err != nil {
				return err
			}
			if !cli.WantsJSON(cmd) {
				fmt.Fprintln(cmd.ErrOrStderr(), "This is "+p.About+".")
			}
			return cli.WriteJSON(cmd.OutOrStdout(), p)
		},
	}
}

// Payload is what decode makes of one document.
type Payload struct {
	Payload string `json:"payload"` // one word or two
	About   string `json:"about"`   // completes "This is"
	View    any    `json:"view"`    // as the connector sees it
}

// ReadFile reads limit+1, so that nothing is silently cut.
func ReadFile(name string, in io.Reader) ([]byte, error) {
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read the payload: %w", err)
		}
		defer file.Close()
		in = file
	}
	body, err := io.ReadAll(io.LimitReader(in, maxPayload+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the payload: %w", err)
	case len(body) > maxPayload:
		return nil, fmt.Errorf("the payload is larger than %d bytes", maxPayload)
	}
	return body, nil
}

// Decode recognises a document and reads it as the connector would. The error is one
// sentence, and repeats nothing of the document.
func Decode(body []byte) (Payload, error) {
	body, replaced, err := wire.Clean(body, "")
	if err != nil {
		return Payload{}, fmt.Errorf("the payload cannot be read: %w", err)
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\uFEFF")))
	var p Payload
	switch {
	case len(text) == 0:
		err = errors.New("the payload is empty")
	case text[0] == '<':
		p, err = decodeXML(body)
	case text[0] == '{', text[0] == '[':
		p, err = decodeJSON(body)
	default:
		err = errors.New("the payload is neither XML nor JSON")
	}
	if err == nil && replaced > 0 {
		p.About += fmt.Sprintf("; U+FFFD stands in it %s for a character that is not allowed", cli.Count(replaced, "time"))
	}
	return p, err
}
