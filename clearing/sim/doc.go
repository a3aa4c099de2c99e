// Package sim invents a country to try the clearing house on: provinces, hospitals,
// insured people, stays, and the messages hospitals would send about them, in the
// national envelope.
//
// Three things matter. A [World] is people and hospitals as a pure function of a seed:
// the same seed gives the same people on every machine, in every order of asking. A
// [Sample] is a list of messages with what the clearing house ought to make of each;
// [Day] builds one business day over all provinces, with its share of repeats,
// conflicts, reversals and broken messages, and [FollowUps] builds what can only be
// sent after the answers are known, such as cancellations. [Xinjiang2016] rebuilds
// the figures of a news article of December 2016.
//
// What it promises: no clock, no global randomness, no floating point; the same
// configuration gives the same bytes. Every bill adds up to the fen. Every envelope
// says in plain words that it is built, no name or certificate number in it belongs
// to anybody, and no hospital in it exists.
//
// What it leaves out: it decides nothing. It knows no benefit rule and does not import
// the code that clears, so that it can be a witness against it; what it expects of an
// answer (see [Want]) follows from how it built the message.
package sim
