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
// The seed fixes world and schedule. What it cannot fix is at which instruction a
// signal arrives, so the same seed may have to be run again to meet the same fault.
//
// What it leaves out: power loss (the store's own tests enumerate crash states), clusters
// of brokers, and the clock, which belongs to the machine.
package simulate
