// Package simulate tries to bring the real daemon to a wrong state, and then has its
// books checked by an auditor that shares no code with it.
//
// [Run] builds a world from a seed, starts the binary as a child on a fresh directory,
// lets hospitals publish until everything is acknowledged, and meanwhile does to the child
// what the seed's [Schedule] says: SIGKILL at random moments, SIGTERM, SIGSTOP, reloads
// with good and with broken plans, a disk below its floor, a business day closed in the
// middle, the broker alone. When all is drained it kills once more, starts again, closes
// the day and compares everything with clearing/sim/audit: each message answered once, the
// same bytes from stream and books, outcomes, amounts, balances account by account,
// person-years, reports, journals; no identity in anything that is not addressed to its
// hospital; every restart ready in time.
//
// When the claims are answered, the sides state what they believe of them: hospitals,
// treatment provinces and home provinces, rows and totals, in parts that come in any order and
// some of them twice, corrected, repeated and completed late, some refused. What they know is
// what the answers said, as the auditor reads them. Into their statements differences are planted: a
// row is missing or one too many, a fen more or less, a bill that stands twice, a
// cancellation that a side has not heard of, a total that is wrong, a number left out. The day is
// closed and matched, statements that came late are matched, officers comment, assign,
// accept, reverse, close, propose, approve and withdraw, each order sent until it is answered
// and then once more; the daemon is killed beside each of these. At the end:
//
//   - every statement has the one outcome and the one result that it must have, the same
//     bytes in stream and books;
//   - the open breaks of the first evening, of the last one, and before the last kill are
//     exactly the planted ones, by class, bill, amount and direction, without those that
//     officers decided;
//   - of every pair of provinces matched, expected and broken bills, by count and to the fen,
//     and what officers moved, are the report's and together the balance;
//   - every act is one record, stands once in its break's history, and moved its money once;
//   - after the last kill a second match, and the first evening's report made again, differ in
//     no byte from what was there.
//
// The truth about the differences is written down where they are planted ([Run]'s beliefs)
// and comes from no match: it says what somebody was made to state, not what follows from it.
//
// The seed fixes world and schedule. What it cannot fix is at which instruction a
// signal arrives, so the same seed may have to be run again to meet the same fault.
//
// What it leaves out: power loss (the store's own tests enumerate crash states), clusters
// of brokers, and the clock, which belongs to the machine. Of reconciliation: statements of
// whole months, causes, rows of another day, and acts about money that is held back or was
// confirmed; package evening and its neighbours have tests of them.
package simulate
