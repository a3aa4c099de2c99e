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
// The package knows no store, no clock and no files. Whoever runs it sorts the items,
// brings the traces that a cause is proved from, and keeps what comes out.
package reconcile
