// Package textfile reads text files in the encodings of common editors.
package textfile

import (
	"bytes"
	"errors"
	"os"
)

// ErrUTF16 is returned for a text in UTF-16.
var ErrUTF16 = errors.New("it is in UTF-16: save it as UTF-8")

// Trim returns a text without a byte order mark.
func Trim(text []byte) ([]byte, error) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, ErrUTF16
	}
	return bytes.TrimPrefix(text, []byte("\uFEFF")), nil
}

// Read returns the text of a file without a byte order mark. The error names the file.
func Read(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	text, err := Trim(content)
	if err != nil {
		return nil, &os.PathError{Op: "read", Path: path, Err: err}
	}
	return text, nil
}
