// Package lenient reads documents of Concur whose text breaks the rules of XML 1.0 or of
// JSON, without losing the rest of the document. It turns any encoding that it knows into
// UTF-8, and puts U+FFFD in the place of every character that XML 1.0 forbids.
//
// It changes text only. A document that is not well-formed, or that declares a document
// type, stays so: the decoder that reads the result refuses it.
package lenient
