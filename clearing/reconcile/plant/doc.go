// Package plant makes business days of bills and what three sides state of them, with
// differences planted and their truth written down: for trying the match, its proofs and
// whatever is built on them. The same seed makes the same days.
//
// A [World] is several days of books that the calculator has settled, the rows of the sides
// beside each day, and the list of [Planted] differences: where a break must be found, of
// which class, by how much, and which cause can be proved of it. Everything else agrees. A
// World also is the [reconcile.Proofs] of its books.
//
// The plans are made up. The package leaves out messages, statements' files and the store:
// clearing/sim makes those.
package plant
