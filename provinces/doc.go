// Package provinces holds the documents that provinces exchange with the clearing
// house, free of any dialect: a [Request] comes in, an [Answer] goes out, and an
// [Adapter] translates between them and the bytes of one province's dialect.
//
// A document is canonical: amounts are whole fen, codes are checked text, absent
// facts are zero values whose meaning is stated at the field. What a document could
// not be made from is a [RejectError] with a numbered [Code], because the number
// travels to the hospital.
//
// The numbers in the cbor tags are the form in which the books keep a document:
// append-only, never reused.
//
// The package does no I/O and knows no benefit rule. Dialects live beside it, one
// package each (nhsa is the national one); bus is the only importer of NATS; data
// holds what is configured for each province.
package provinces
