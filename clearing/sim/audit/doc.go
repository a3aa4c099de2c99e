// Package audit keeps a second set of books: from the bytes that hospitals sent, the
// benefit plan files and the order in which the clearing house took the messages, it
// works out by itself what every answer, balance, person-year and report must say, and
// names what differs.
//
// [Audit] is the whole of it. It takes what the broker holds of the claims streams, the
// answers, and [Plans], and returns [Books] with a list of faults. Order between
// streams is fixed by the books' number alone, so the numbers are taken from the answers
// (and held against each stream's own order); the business day is taken from them, too,
// and held against the rules of days. Everything else is the auditor's own: it reads the
// envelope by the published interface, decides the outcome, computes the benefit,
// posts the entry.
//
// From its books it also tells what the parties to the bills can state of them ([Books.Moves]),
// and how every pair of provinces must stand on an evening ([Books.Standings]): whether a
// party has told everything, or has a bill otherwise, is said by whoever made it state that.
//
// The package promises to share no code with what it judges: it imports nothing of this
// project, its amounts are math/big.Rat, its states are plain maps, and it is slow and
// simple on purpose. Where a plan uses a shape of rules the auditor does not know, it says
// that it cannot judge the bill ([Books].Unjudged), takes the answer's amounts into its
// balances, and never guesses.
//
// What it leaves out: whether a refusal names the right member (the code must be right
// and the answer must be well formed), traces, and plans with splits at the turn of a
// year, registries (a simulation publishes neither people nor providers, so every claim's
// word counts) or catalogues of their own.
package audit
