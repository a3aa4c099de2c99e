package provinces

import (
	"time"

	"clearingd/ledger"
)

// Message is a hospital's message as the broker holds it.
type Message struct {
	Stream   ledger.Province // treatment province whose CLAIMS stream holds it
	Sequence uint64          // place in that stream, from 1
	Subject  string          // claims.<treatment>.<home>.<provider>.<msgid>
	Body     []byte          // exact bytes, at most 1 MiB
	Received time.Time       // the broker's timestamp
}

// Envelope is what the daemon publishes for a record: stored with it in one
// transaction, sent afterwards, and always possible to send again.
type Envelope struct {
	Subject string // answers.<treatment>.<home>.<provider>.<msgid>
	Header  map[string]string
	Body    []byte
}

// Headers of an answer.
const (
	HeaderOutcome  = "Clr-Outcome"  // an Outcome
	HeaderDigest   = "Clr-Digest"   // SHA-256 of the request's exact bytes, lower-case hex
	HeaderEntry    = "Clr-Entry"    // the books' number, decimal
	HeaderDay      = "Clr-Day"      // business day, yyyy-MM-dd
	HeaderRegister = "Clr-Register" // last message of the REGISTRY stream that was known when it was decided, decimal; absent: none
	HeaderOriginal = "Clr-Original" // on repeats and cancellations the first msgid; on reversals "booked", "refused" or "unseen"
)
