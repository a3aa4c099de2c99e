package nhsa

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"clearingd/provinces"
)

// ErrAnswer: an answer breaks its own invariants. It is the daemon's fault, never the
// hospital's, and nothing may be sent.
var ErrAnswer = errors.New("nhsa: answer is inconsistent")

const maxMessage = 200 // characters of err_msg (national-interface 1.2: S200)

// china is the only clock of the interface. China has had no summer time since 1991.
var china = time.FixedZone("CST", 8*60*60)

// Encode writes the national response envelope: see [provinces.Adapter]. It fails with
// ErrAnswer if outcome, code and settlement contradict each other or the settlement
// does not close.
func (d *Dialect) Encode(a provinces.Answer) ([]byte, error) {
	if err := checkAnswer(&a); err != nil {
		return nil, err
	}
	return respond(2_048, &a, func(w *writer) {
		if a.Settlement != nil && a.Infno != provinces.InfnoReverse {
			d.writeSettlement(w, &a)
		}
	}), nil
}

// respond writes the national response envelope in about size bytes: of a refusal its
// errors, otherwise what output writes.
func respond(size int, a *provinces.Answer, output func(w *writer)) []byte {
	w := &writer{bytes: make([]byte, 0, size)}
	w.open('{')
	w.number("infcode", -int(a.Code))
	w.text("inf_refmsgid", receiverMessageID(a))
	w.text("refmsg_time", compactTime(a.Received))
	w.text("respond_time", compactTime(a.Received))
	w.text("err_msg", errorMessage(a))
	w.object("output", func() {
		if a.Code != 0 {
			writeErrors(w, a.Errors)
			return
		}
		output(w)
	})
	w.close('}')
	return w.bytes
}

// checkAnswer holds outcome, code and settlement against each other. A repeated answer
// repeats any kind: a bill, a cancellation, a reversal or a refusal.
func checkAnswer(a *provinces.Answer) error {
	refused := a.Outcome == provinces.Refused || a.Outcome == provinces.Quarantined
	settled := a.Outcome == provinces.Booked || a.Outcome == provinces.Cancelled ||
		a.Outcome == provinces.Repeated && a.Code == 0 && a.Infno != provinces.InfnoReverse
	switch {
	case refused && a.Code == 0, !refused && a.Outcome != provinces.Repeated && a.Code != 0:
		return fmt.Errorf("%w: outcome %q with code %d", ErrAnswer, a.Outcome, a.Code)
	case settled && a.Settlement == nil:
		return fmt.Errorf("%w: outcome %q of %s without a settlement", ErrAnswer, a.Outcome, a.Infno)
	case a.Code != 0 && a.Settlement != nil:
		return fmt.Errorf("%w: code %d with a settlement", ErrAnswer, a.Code)
	case len(a.Treatment) != 6:
		return fmt.Errorf("%w: treatment area %q", ErrAnswer, a.Treatment)
	case a.Settlement != nil:
		return checkSettlement(a.Settlement)
	}
	return nil
}

// receiverMessageID is inf_refmsgid: treatment area, time of receipt to the second, last
// ten digits of the books' number; 30 characters (national-interface 1.2).
func receiverMessageID(a *provinces.Answer) string {
	return fmt.Sprintf("%s%s%010d", a.Treatment, a.Received.In(china).Format("20060102150405"), a.Number%1e10)
}

// compactTime writes yyyyMMddHHmmssSSS.
func compactTime(t time.Time) string {
	return t.In(china).Format("20060102150405") + fmt.Sprintf("%03d", t.Nanosecond()/int(time.Millisecond))
}

// errorMessage is err_msg: "" on success, else the code and its meaning in Chinese and
// English and as many of the places as fit.
func errorMessage(a *provinces.Answer) string {
	if a.Code == 0 {
		return ""
	}
	text := a.Code.Text()
	message := fmt.Sprintf("[%d] %s / %s", a.Code, text.ZH, text.EN)
	separator := ": "
	for _, e := range a.Errors {
		longer := message + separator + e.Field
		if e.Field == "" || strings.Contains(message, separator+e.Field) {
			continue
		}
		if utf8.RuneCountInString(longer) > maxMessage {
			break
		}
		message, separator = longer, ", "
	}
	return message
}

// writeErrors writes output.error: every wrong place with what would be right there.
func writeErrors(w *writer, places []provinces.FieldError) {
	w.array("error", func() {
		for _, e := range places {
			w.open('{')
			w.number("code", int(e.Code))
			w.text("field", e.Field)
			w.text("expected", e.Expected)
			w.text("found", e.Found)
			w.close('}')
		}
	})
}
