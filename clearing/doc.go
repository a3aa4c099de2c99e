// Package clearing decides what becomes of a hospital's message and of a business day.
//
// The deciding part is [Desk.Decide]: a pure function of the message, its decoded
// request, and a [View] of the books. It returns a [Decision], which says everything
// that is to be stored in one transaction: a [Record] (one for every message,
// whatever became of it), a ledger entry where money moves, and the changes of the
// small states by which later messages are judged: which stay is booked, which record
// is undone, how far a person's year has come.
//
// The same holds for the home side's register: [Desk.Register] decides what becomes of a
// document about an insured person, and Decide settles a bill with the facts that the
// [View] has of the person. A [Bill] keeps them, so that it can be recomputed for ever.
//
// The package promises: each message gets exactly one outcome, and the same books and
// the same message always give the same decision, to the byte of the answer. It knows
// no NATS, no bbolt, no clock and no randomness; store keeps what it decides,
// and the daemon brings messages in and answers out.
package clearing
