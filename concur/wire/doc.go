// Package wire translates between Concur's payloads and the types of package expense: it
// decodes what Concur sends, and encodes what the connector sends.
//
// Concur's documents and samples disagree about namespaces, spellings and wrappers. So a
// decoder finds elements by their local name, in any case and in any order. An encoder writes
// exactly what Concur documents.
//
// A payload that cannot be represented is an error. No error quotes the payload, because errors
// are logged and shown to whoever sent the payload.
package wire
