package provinces

// Adapter speaks one province's dialect. Implementations are pure: no I/O, no clock,
// no state that a call changes; they are safe for concurrent use and never panic on
// foreign bytes.
type Adapter interface {
	// Decode reads a message of at most 1 MiB. On success the request is whole and its
	// invariants hold. Otherwise the error is a *RejectError, and the request holds
	// what could still be read with certainty (Infno, MsgID, areas), so that the
	// refusal can be addressed; all else in it is zero.
	Decode(body []byte) (Request, error)

	// Encode writes an answer. The same answer gives the same bytes.
	Encode(answer Answer) ([]byte, error)
}
