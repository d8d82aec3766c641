// Package wire translates between Concur's payloads and the connector's language:
// it decodes what Concur sends and answers, and encodes what Concur is sent.
//
// Concur's documents disagree with its samples about namespaces, spellings and
// wrappers, so elements are found by local name, without regard to case, in any
// order. What is emitted is exact. A payload that cannot be represented is an
// error, and no error repeats what the payload held: it may be shown to a sender
// and written to a log.
package wire
