// Package intake takes hospitals' messages to their outcome: it decodes, decides and
// commits, many messages in one transaction, in the order of each stream.
//
// [Intake.Decode] needs no books and may run for many messages at once.
// [Intake.Run] is the one committer: it gathers what is ready, decides message
// after message against the books as the transaction already shows them, commits,
// and only then hands the answers on. Under light load a batch is one message and is
// answered at once; under heavy load batches fill while the last one syncs.
//
// A message on which we fail ourselves (a broken adapter, a plan that does not close, a
// panic) never stops the others: it is tried three times, each failure noted in the
// books, and then quarantined in its place. Anything the store says ends Run.
//
// [Registry] does the same for the documents of the home side's register, which lie in a
// stream of their own. Whoever hands claims to Run first lets the register catch up
// with what was published before them.
package intake
