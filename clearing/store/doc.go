// Package store keeps the books of the clearing in one bbolt file.
//
// [Store.Update] runs one transaction in which any number of decisions are applied
// through [Tx.Apply]: the record with its ledger entry and Merkle leaf (ledger/boltstore),
// and the small states by which later messages are judged. Either all of it is on disk
// when Update returns nil, or none of it.
//
//	records hashes balances   the ledger's own, see ledger/boltstore
//	messages   message key            -> record, mark
//	stays      provider, end, visit   -> standing booking
//	undone     record                 -> record that undid it
//	years      home, person, insurance, year -> person-year
//	positions  treatment province     -> how far the stream is answered
//	cuts       day, province          -> last sequence of the day in the stream
//	days       day                    -> records, state, seal
//	plans      SHA-256                -> plan file; plansets: set hash -> plan hashes
//	attempts   province, sequence     -> our own failures with a message
//	refolds    home, person, insurance, year -> when a person-year was re-folded
//	people     home, person           -> what the register says of the person
//	documents  home, kind, id         -> newest version of a registry document, and whose it is
//	holders    home, certificate hash -> persons who have it
//	registry   sequence               -> outcome of a registry message; refusals: home, sequence -> the refused one
//	registrycounts  home              -> registry messages by outcome and code
//	statements  party, id             -> head, state and result of a statement; statementnumbers: number -> party, id
//	statementparts  party, id, part   -> where in the stream a part of a waiting statement lies
//	statementdue  number              -> day that must be closed before it is answered; gone once the answer is published
//	statementstrangers  sequence      -> a refused message of STATEMENTS that belongs to no statement
//	statementrows  number, block      -> rows of an applied statement
//	inforce    day, party, dimensions -> the statement that is in force
//	serials    party, serial          -> the statement that used the number
//	billsums   day, party             -> what the books have, once the day is closed; billnumbers: day, provider -> its records
//	rowstates  record                 -> what officers did to a row of a month's clearing
//	cases      kind/id                -> deductions, inquiries, tickets, proposals, confirmations
//	offers     province, provider, record -> rows that can be confirmed; confirmed ones by period
//	breaks     break key              -> break; openbreaks: those not decided; breakgroups: group, key
//	breakdays  day, break key         -> nothing; breakevenings: evening, break key; stillbreaks: settled, and still found
//	dayresults day                    -> what the newest match says of it
//	strays     bill, side, statement, line -> a row whose bill counts on another day; straysof: by party
//	horizons   party                  -> how far it says that it is complete
//	pairbalances  day                 -> what stands of each pair of areas at its end
//	sealed     day, part              -> what the day's report was rendered from, where it has a reconciliation
//	meta       format, installation, first day, counts
//
// What was booked grows at the right edge of its tree; what must be random (messages,
// stays, person-years) is kept small.
//
// The package promises: the file is created under another name and renamed, so there
// is never half a file; sync is never switched off; the file is locked, and a second
// process is told so; after a failed commit nothing more is written ([ErrCommit]), since
// the outcome is unknown; [Store.Check] and [CheckFile] find what is broken and say
// where.
package store
