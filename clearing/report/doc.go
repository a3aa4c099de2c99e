// Package report turns what a night found into what people read.
//
// There is one model, [Report], and one function a format: [HTML] for a browser and for
// paper, [XLSX] for spreadsheets, [CSV] for the pairs alone, [JSON] for programs. Every
// rendering is a function of the report alone, so the same
// report gives the same bytes; none reads a clock, draws a random number, or walks a
// map unsorted. No renderer computes a figure: what is shown stands in the model, and a
// [Builder] is the only thing that puts it there.
//
// A Builder is fed one [Bill] after another and keeps sums only, so a night of a
// million bills needs no more memory than a night of a thousand. It checks what it is
// given (a bill that does not close is refused) and what it computes (the pairs must
// tie to the totals and to the positions, and no sum may leave its range).
//
// Further writers work on streams of any length: [EntriesWriter] lists the bills
// behind the sums, [BreaksWriter] and [BreaksBook] list open breaks, the latter as a
// workbook that officers fill in, and [JournalWriter] writes the books themselves for
// hledger, ledger and beancount. [DiffReports] says what changed between two revisions of a report.
//
// # What is owed
//
// A home province owes what its funds pay and what the personal account pays: both
// were kept back from the patient's bill and both must reach the hospital. The sum of
// the two is Owed, and the matrix, the nets and the positions are about Owed. The
// personal account is shown apart beside it everywhere, because it is the insured
// person's money and not a fund's.
//
// # Reconciliation
//
// A report can have a [Reconciliation]: what three sides made of the books as of the
// evening. The builder ties it to the ledger three times: matched, expected and broken
// bills of each pair and day, the same against the report's own pairs, and over all days
// together with officers' decisions against the balance. What does not tie is an error,
// not a footnote.
//
// # Text from outside
//
// Codes, labels and ids reach a report from hospitals and settings. In HTML they pass
// through contextual escaping, in XLSX they are string cells, in CSV a text that a
// spreadsheet could take for a formula gets an apostrophe, and in journals control
// characters and quotes are replaced. Invisible and direction-changing characters are
// replaced in everything made for people, because an officer must see what stands
// there; JSON keeps them, escaped where it must, so that it reads back as it was.
package report
