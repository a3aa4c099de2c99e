package clearing

import (
	"time"

	"clearingd/ledger"
)

// China is the one zone of business days and of every printed time.
var China = time.FixedZone("Asia/Shanghai", 8*60*60)

// Cutoff is the wall-clock time at which a business day ends, as a duration since
// midnight of the day; 24 hours is midnight at its end.
type Cutoff time.Duration

// Midnight is the usual cut-off.
const Midnight = Cutoff(24 * time.Hour)

// DayAt is the business day that an instant falls on by the clock alone.
func (c Cutoff) DayAt(t time.Time) ledger.Day {
	return ledger.DayOf(t.In(China).Add(24*time.Hour - time.Duration(c)))
}

// End is the first instant after the business day.
func (c Cutoff) End(day ledger.Day) time.Time {
	d := day.Time()
	return time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, China).Add(time.Duration(c))
}

// Position is how far the books are in one claims stream.
type Position struct {
	Sequence uint64     `cbor:"1,keyasint"` // last sequence with an outcome; 0 before the first
	Day      ledger.Day `cbor:"2,keyasint"` // business day of that message, or the first open day
	Created  int64      `cbor:"3,keyasint"` // when the broker made the stream: its identity
	Digest   [32]byte   `cbor:"4,keyasint"` // of the last message
}

// MessageDay is the business day of the next message of a stream: the later of the
// stream's day so far and the day of the broker's timestamp (in clock mode), moved
// past every day whose stored cut lies before the message. cut returns the last
// sequence of a day in this stream, and whether it is stored yet.
func MessageDay(at Position, sequence uint64, byClock ledger.Day, cut func(ledger.Day) (uint64, bool)) ledger.Day {
	day := max(at.Day, byClock)
	for {
		last, stored := cut(day)
		if !stored || sequence <= last {
			return day
		}
		day++
	}
}
