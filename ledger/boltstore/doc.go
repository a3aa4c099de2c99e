// Package boltstore keeps the books inside a bbolt transaction that somebody else
// opened: the store of the clearing joins its own writes to it, so that a message's
// outcome, its entry, the balances and the Merkle leaf are on disk together or not
// at all.
//
// The books are one sequence of records, numbered from 1 without gaps. A record is
// an opaque payload and, where money moved, a [ledger.Entry]. Three buckets:
//
//	records   number            -> CRC-32C, entry, payload
//	hashes    stored hash index -> SHA-256 (RFC 6962 tree of golang.org/x/mod/sumdb/tlog)
//	balances  account           -> debits, credits, number of postings, as of some record
//	          0                 -> which record that is
//
// Numbers and hash indexes are big-endian, so both grow at the right edge of their
// tree. Accounts lie anywhere and are many, so their balances are stored once in
// [CarryEvery] records; [Balances] adds what the records behind them moved and is always
// what it would be if every transaction had written them.
//
// The package promises: what [Writer.Append] stored passes [ledger.Entry.Check];
// [Check] reads everything back and finds a changed bit, a missing record, a balance
// that is not the fold of its postings, or a hash that is not the record's. It never
// opens, commits or repairs a file.
package boltstore
