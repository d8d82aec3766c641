package approvers

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"concur-connector/internal/textfile"
)

const (
	algorithm = "sha256"
	maxFile   = 1 << 20
	// maxTokens of one approver: the old one and the new one during a change.
	maxTokens = 2
)

// Approvers are the people who may decide. The zero value has none.
type Approvers struct {
	entries []entry
}

type entry struct {
	name   string
	digest [sha256.Size]byte
}

// Load reads the approvers' file. Each line is NAME:sha256:HEX, where HEX is the digest of the
// approver's token. A name may have two lines. Load skips empty lines and lines that begin
// with #. The error names the file and the line, never a digest.
func Load(path string) (*Approvers, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the approvers' file: %w", err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read the approvers' file: %w", err)
	}
	if len(content) > maxFile {
		return nil, fmt.Errorf("%s: the approvers' file is larger than %d bytes", path, maxFile)
	}
	if content, err = textfile.Trim(content); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	a, err := parse(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

func parse(content []byte) (*Approvers, error) {
	a := &Approvers{}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		e, err := parseLine(line)
		if err == nil {
			err = a.add(e)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if lines.Err() != nil {
		return nil, errors.New("a line is too long")
	}
	if len(a.entries) == 0 {
		return nil, errors.New("the approvers' file has no approvers")
	}
	return a, nil
}

func parseLine(line string) (entry, error) {
	parts := strings.Split(line, ":")
	if len(parts) != 3 {
		return entry{}, errors.New("not of the form NAME:sha256:HEX")
	}
	if err := checkName(parts[0]); err != nil {
		return entry{}, err
	}
	if parts[1] != algorithm {
		return entry{}, errors.New("the second part must be " + algorithm)
	}
	digest, err := hex.DecodeString(parts[2])
	if err != nil || len(digest) != sha256.Size {
		return entry{}, fmt.Errorf("the digest must be %d hexadecimal digits", 2*sha256.Size)
	}
	return entry{name: parts[0], digest: [sha256.Size]byte(digest)}, nil
}

func (a *Approvers) add(e entry) error {
	tokens := 1
	for _, other := range a.entries {
		if other.digest == e.digest {
			return errors.New("the digest is already in the file")
		}
		if other.name == e.name {
			tokens++
		}
	}
	if tokens > maxTokens {
		return fmt.Errorf("a name may have %d lines at most", maxTokens)
	}
	a.entries = append(a.entries, e)
	return nil
}

// Authenticate returns the name of the token's approver. It compares with every digest in
// constant time.
func (a *Approvers) Authenticate(token string) (name string, ok bool) {
	given := sha256.Sum256([]byte(token))
	for _, e := range a.entries {
		if subtle.ConstantTimeCompare(given[:], e.digest[:]) == 1 {
			name, ok = e.name, true
		}
	}
	return name, ok
}
