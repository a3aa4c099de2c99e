// Package lab is the policy laboratory: it runs closed days of a copy of the books
// through a draft plan set and says what would change.
//
// [Run] goes through the bills of the days in the books' order, each on top of what the
// draft made of the person-year so far, and compares with what was booked. The
// [Result] holds a [Row] of figures for every home area, hospital level, group of people,
// insurance and kind of filing; [Options.Bill] is given every single bill with both traces.
//
// # What is compared
//
// A bill counts where it was booked, less where it was cancelled or reversed, as in the night's
// report: what undoes a bill takes out, on its own day, exactly what the bill brought in,
// as booked on one side and under the draft on the other. A bill that the draft refuses
// (no plan, no version, a hospital no rule fits) stands in neither column but in one of
// its own, with its code: Booked and Draft are always of the same bills, and Booked and
// Refused together are what the books hold. Run proves that against the ledger's
// postings, fund by fund, and fails with [ErrTie] if it is not so.
//
// # The person-years
//
// The state of a person-year before the first record of the days is taken from the
// books, opening figures included. From there on the draft's own results are carried: an
// earlier bill that the draft pays less of leaves more of a cap for the later one. A
// cancellation sets the person-year back to what the draft had before that bill; a
// cancellation that is itself reversed puts it where it was. Opening figures that
// came with a claim come with it to the draft too. What else the books' year changes by
// between two bills, by an officer's adjustment or a re-folding, the draft's changes by.
// Where a bill goes from the middle of a year, or comes back into it, its own share of the sums
// goes or comes, and the later bills keep what they were given.
//
// Bills count in the books' order, also of home provinces that re-fold: what the order of
// discharge would change of a booked year is clearing.Refold's question, not the draft's.
//
// Records of other days that lie between the records of these days (a stream that was
// behind) are computed too, so that the years stay whole, but not counted. Officers'
// adjustments stand beside the comparison, with their sum.
//
// # What it promises
//
// The same copy and the same draft give the same result, to the byte. A draft that is
// what the bills were booked with gives zero differences. Where the desk would take the
// same messages, the draft's amounts and traces are those the desk would have booked.
// Memory grows with the person-years that the days touch, and with the bills undone in
// them, not with the number of bills.
//
// # What it leaves out
//
// People behave as they did: nobody travels more because a fund pays more. Bills that were
// refused when they came, and so are not booked, are not tried again; cancellations
// stay what they were, also where the draft's other years or refusals would have let the
// desk decide otherwise. What the registers knew of person and hospital is what was kept of
// it with the bill, as of the day that the booked plan says: a draft that takes people as
// of another day (person_as_of) finds the same facts. A draft that gives a layer another id loses what the year had
// used up in it: keep the ids.
package lab
