// Package reconcile holds what three sides state of the same bills against the books:
// pure matching and classing, breaks that live on from evening to evening, and causes
// that are proved by recomputing.
//
// An [Item] is one bill, or what takes one back, as the books or a side has it. The
// match reads four streams of items in the order of their keys and gives one
// [Result] for each bill and one for each row that no bill stands behind. A
// [Break] is a result that people must solve; it keeps its first evening, its due date
// and its history while the match is run again and again.
//
// There is no tolerance: one fen is a break unless a named rounding step proves it.
// Amounts of broken bills are never hidden: for every pair of areas and every evening,
// matched + expected + broken is what the books accrued ([DayResult] checks it).
//
// # How it is run
//
// Whoever runs it puts the rows beside the day that [Beside] names, brings books and sides into
// order with a [Sorter] each, says by a [Word] what each party has let know of the day,
// and calls [Match]. Each broken result goes through [Prove], with the books behind
// [Proofs]; [BreakOf] makes a break of it, and every result is added to a [DayBuilder], whose
// sums tie to the ledger. Totals without rows go through a [TotalsTally]. When all days of
// an evening are matched, [Offset] looks for differences that cancel within a stay, and
// [Carry] carries the breaks of before forward with what was found. [Explain] answers why
// a party and the books are apart.
//
// The package knows no store, no clock and no files; reconcile/spill has the files of
// the sorter. What it keeps in memory is the breaks of an evening, not its rows.
package reconcile
