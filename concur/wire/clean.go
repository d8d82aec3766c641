package wire

import (
	"io"

	"concur-connector/concur/wire/lenient"
)

// Clean returns a document as UTF-8 without the characters that XML forbids, and counts the
// characters that it replaced. It needs the content type with which the document was sent. The
// decoders of this package clean a document themselves, without that content type.
func Clean(body []byte, contentType string) (cleaned []byte, replaced int, err error) {
	return lenient.Bytes(body, contentType)
}

// NewCleaner is [Clean] for a document that is read as it comes.
func NewCleaner(r io.Reader, contentType string) *lenient.Reader {
	return lenient.NewReader(r, contentType)
}
