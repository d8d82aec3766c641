// Package lenient reads XML and JSON as Concur sends them, without losing the rest of a
// document to one flaw:
//
//   - [Bytes] and [Reader] turn any known encoding into UTF-8, and replace every character that
//     XML 1.0 forbids by U+FFFD.
//   - [XML] and [Object] find elements and names in any case and in any order.
//   - [RepairXML] and [RepairJSON] replace the entries of a list that are not well-formed.
//   - [ParseBool], [Date] and their like read every form that Concur prints.
//
// A document that is not well-formed, or that declares a document type, is an error. No error
// quotes anything of the document.
package lenient
