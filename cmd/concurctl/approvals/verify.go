package approvals

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"concur-connector/cmd/concurctl/cli"
	"concur-connector/internal/record"
)

// head is the end of a record.
type head struct {
	Lines int    `json:"lines"`
	Hash  string `json:"head"`
}

func (h head) String() string {
	if h.Lines == 0 {
		return "the record is empty"
	}
	return fmt.Sprintf("%s, head %s", cli.Count(h.Lines, "line"), h.Hash)
}

func verifyCommand() *cobra.Command {
	var known head
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Find changed, missing, added and moved lines in a record",
		Long: `Follows the hashes of a record from its first line to its last, and names the first line that
was changed, removed, added or moved; the exit status is then 3. It prints the number of lines
and the head, which is the hash of the last line.

Lines that were removed from the end leave a correct record. To find them, give the number of
lines and the head that an earlier export or verify has printed (--count and --head), and keep
these two where nobody who can change the record can change them. Somebody who can write the
file can also compute all hashes anew; only an earlier head shows that.

FILE is a file of approvals export or of CONCUR_RECORD_FILE; - reads the standard input.`,
		Example: `  concurctl approvals verify decisions.jsonl
  concurctl approvals verify decisions.jsonl --count 1204 --head 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`,
		Args: cli.ExactArgs(1, "the FILE of the record, or - for the standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (known.Lines == 0) != (known.Hash == "") || known.Lines < 0 {
				return errors.New("give --count and --head together: an earlier export or verify has printed both")
			}
			in := cmd.InOrStdin()
			if args[0] != "-" {
				file, err := os.Open(args[0])
				if err != nil {
					return fmt.Errorf("read the record: %w", err)
				}
				defer file.Close()
				in = file
			}
			found, err := verify(in, known)
			if err != nil {
				return err
			}
			return cli.Show(cmd, found, func(w io.Writer) { fmt.Fprintf(w, "the record is unchanged: %s\n", found) })
		},
	}
	cmd.Flags().IntVar(&known.Lines, "count", 0, "number of lines that the record had earlier")
	cmd.Flags().StringVar(&known.Hash, "head", "", "hash of the last line at that time")
	return cmd
}

// verify follows the chain. With an earlier head it also checks that the record still contains the
// line of that head.
func verify(in io.Reader, known head) (head, error) {
	contains := known.Lines == 0
	found, err := record.Each(in, func(line record.Line, hash string) {
		contains = contains || line.Number == known.Lines && hash == known.Hash
	})
	at := head{found.Lines, found.Hash}
	switch {
	case err != nil:
		return at, broken(err)
	case known.Lines > found.Lines:
		return at, broken(fmt.Errorf("the record had %s earlier and has %d now: its end was removed", cli.Count(known.Lines, "line"), found.Lines))
	case !contains:
		return at, broken(fmt.Errorf("line %d is not the one that was the last earlier: somebody has changed it or a line before it, and has computed the hashes anew", known.Lines))
	}
	return at, nil
}

// broken gives an error of a record that was changed its exit status.
func broken(err error) error {
	var fault *record.Fault
	if errors.As(err, &fault) {
		err = fmt.Errorf("the record was changed, at line %d: %w", fault.Line, fault.Why)
	}
	return &cli.ExitError{Code: exitBroken, Err: err}
}
