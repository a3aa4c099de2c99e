// Package bus is the way between the clearing house and NATS JetStream, and the only
// place in the project that knows NATS. It runs the embedded broker ([StartServer]),
// connects to it or to any other one ([Connect]), and turns streams and subjects into
// documents of package provinces.
//
// # Two types
//
// A [Server] is a broker inside this process, listening on loopback by default, so that
// hospitals talk to it with any NATS client. A [Bus] is a connection; daemon, clearctl
// and simulators all use one, and whether the broker is embedded is only a matter of
// its address.
//
// # Streams
//
//	stream       subjects               one a subject  kept
//	CLAIMS_<pp>  claims.<pp>.*.*.*      yes            until answered and 35 days old, then in the archive
//	ANSWERS      answers.>              yes            35 days
//	REGISTRY     registry.>             no             for ever
//	STATEMENTS   statements.>           no             400 days
//	PROBE        clearing.probe         no             the last one: the watchdog's round trip
//
// All lie in files, keep messages by limits, allow atomic batches and refuse new
// messages when full rather than drop old ones. "One a subject" is MaxMsgsPerSubject 1
// with DiscardNew for each subject: a second publish gets API error 10077 with the text
// "maximum messages per subject", without a time window and also after a restart. The
// same number with another text means something else, so the text is read. Nats-Msg-Id
// is not used and its window is the shortest the server allows, because the server
// remembers ids by stream, not by sender.
//
// # What it promises
//
//   - Nothing is acknowledged before it is on disk: the embedded broker syncs always,
//     and says so in its own monitoring ([Server.SyncAlways]).
//   - [Bus.Follow] delivers each message of a claims stream once, in order, without a
//     hole, over lost connections and restarts; where it cannot, it says which message
//     is missing ([ErrGap]) or that the stream went back ([ErrRegressed]).
//   - [Bus.PublishAnswers] stores answers in order; what is missing after a crash is a
//     suffix, which [Bus.LastAnswer] finds.
//   - [Bus.Archive] purges a message only after its exact bytes were read back from a
//     synced file.
//   - No payload reaches a log or an error text. Subjects do; they name no person.
//   - Memory is bounded: a follower holds one portion (256 messages or 4 MiB) beside
//     the one being worked on, whatever the backlog.
//
// # Why nothing is acknowledged
//
// A durable consumer with acknowledgements keeps a second position beside the one in
// the books, and keeps it worse: consumer state reaches the disk about ten times a
// second, also when the broker syncs always, so an acknowledgement just made is lost in
// a kill, even a confirmed one. The books store the last sequence of each stream in the
// transaction that books it. So the reader here starts at that sequence plus one and
// acknowledges nothing: no redelivery, no timeouts that let message 5 come after 6, no
// pending limits, nothing to reset after a crash. What acknowledgements would have
// noticed must be noticed otherwise: each reader compares the stream's creation time,
// first and last sequence with what it knows, and checks that no number is left out.
// The lag of the daemon is [StreamState].Last minus the books' position; the broker's
// own consumer listing does not show it.
//
// # Why ANSWERS is synced too
//
// The contract allows ANSWERS to be persisted asynchronously. The server then forbids
// atomic batches on it and keeps acknowledged answers in its memory for a moment, so
// that a plain kill loses some, not necessarily the last ones. Batches of up to 256
// answers share their syncs, which costs little beside the books' own commit; in
// exchange a stored answer stays stored, and what is lost is a suffix.
//
// # Health
//
// Two questions, because each misses something: [Server.Healthy] sees a stream that met
// a write error (it stays closed until the process restarts, even with room again) but
// not a store that is full; [Bus.RoundTrip] sees that nothing can be stored, full store
// included, but writes to one stream only. A claims stream that reached its own limit
// shows in [StreamState].
//
// # What it leaves out
//
// What a claim means (provinces and its dialects), whether a message was seen before
// (the books), the accounts of a national installation. Subjects are made for
// permissions: what a hospital may do is said by subjects alone, and none of its data
// has to be trusted for it. For a hospital H31010100001 of Shanghai, in the broker's
// configuration:
//
//	{ user: H31010100001
//	  permissions: {
//	    publish: [
//	      "claims.31.*.H31010100001.*"                             # its claims
//	      "clearing.estimate.31.*.H31010100001"                    # its estimates
//	      "clearing.month.31.H31010100001"                         # the month's confirmation
//	      "statements.provider.31.H31010100001.*.*"                # its daily totals
//	      "clearing.have.provider.31.H31010100001"                 # what the books have from it
//	      "clearing.statement.provider.31.H31010100001"            # its statements' results
//	      "$JS.API.DIRECT.GET.ANSWERS.answers.31.*.H31010100001.*" # read an answer
//	      "$JS.API.DIRECT.GET.ANSWERS.answers.statement.provider.31.H31010100001.*"
//	    ]
//	    subscribe: [
//	      "_INBOX_H31010100001.>"                                  # replies to itself only
//	      "answers.31.*.H31010100001.*"                            # live answers
//	      "answers.statement.provider.31.H31010100001.*"           # live results of statements
//	    ]
//	  } }
//
// An agency publishes its province's documents about people and hospitals ("registry.33.*",
// or "registry.33.provider" alone) and asks about them ("clearing.registry.33",
// "clearing.registryprovider.33", "clearing.registryrefusals.33"). Its officers look, act and
// list their cases ("clearing.look.33", "clearing.act.33", "clearing.cases.33.*"), and as the
// treatment side confirm the month for their hospitals ("clearing.month.33", "clearing.month.33.*").
//
// A hospital's client sets the inbox prefix _INBOX_H31010100001 ([ConnectOptions].InboxPrefix).
// A denied publish gets no reply from NATS, only an error on the connection; a Bus turns
// it into [ErrDenied].
package bus
