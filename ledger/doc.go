// Package ledger is the double-entry core of the clearing house.
//
// Three types matter. An [Account] says who owes whom, from which fund, and how far
// the debt has come. A [Posting] moves whole fen into or out of an account. An
// [Entry] is a numbered, dated set of postings that sums to zero; it is never
// changed, only undone by a later entry that names it.
//
// The package promises: no entry that fails [Entry.Check] can be stored by a store
// that calls it; amounts never pass through floating point; sums are checked for
// overflow. It does no I/O, knows no clock and imports nothing of this project.
//
// It leaves out currencies (there is one, the yuan, counted in fen), interest and
// people: an entry names documents by number, persons never.
package ledger
