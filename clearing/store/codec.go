package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"clearingd/clearing"
	"clearingd/ledger"
)

// ErrEncoding: stored bytes are not what this package writes.
var ErrEncoding = errors.New("store: stored value cannot be decoded")

// encoding is CBOR in its core deterministic form: the same value, the same bytes.
var encoding = func() cbor.EncMode {
	options := cbor.CoreDetEncOptions()
	// Types with a text form for people have a number for the books.
	options.TextMarshaler = cbor.TextMarshalerNone
	mode, err := options.EncMode()
	if err != nil {
		panic(err) // the options are constant
	}
	return mode
}()

var decoding = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		MaxArrayElements: 1 << 20,
		MaxMapPairs:      1 << 20,
	}.DecMode()
	if err != nil {
		panic(err) // the options are constant
	}
	return mode
}()

func encode(value any) ([]byte, error) {
	b, err := encoding.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("store: encode %T: %w", value, err)
	}
	return b, nil
}

func decodeRaw(b []byte, value any) error {
	if err := decoding.Unmarshal(b, value); err != nil {
		return fmt.Errorf("%w: %T: %w", ErrEncoding, value, err)
	}
	return nil
}

// Keys. Texts inside a key are of fixed length or last, so that no two keys meet.

func numberKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func dayKey(day ledger.Day) []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(day)^1<<31) // days before 1970 sort first
}

func keyDay(key []byte) ledger.Day { return ledger.Day(binary.BigEndian.Uint32(key) ^ 1<<31) }

func cutKey(day ledger.Day, stream ledger.Province) []byte {
	return append(dayKey(day), stream...)
}

func attemptKey(stream ledger.Province, sequence uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte(stream), sequence)
}

func stayKey(k clearing.StayKey) []byte {
	key := append([]byte(k.Provider), 0)
	key = binary.BigEndian.AppendUint64(key, uint64(k.Discharged)^1<<63)
	return append(key, k.VisitID...)
}

// yearKey keeps a person's years together.
func yearKey(k clearing.YearKey) []byte {
	key := append(personPrefix(k.Home, k.PersonNo), k.Insutype...)
	key = append(key, 0)
	return binary.BigEndian.AppendUint32(key, uint32(k.Year))
}

// personPrefix is what all year keys of a person in a home province begin with.
func personPrefix(home ledger.Province, personNo string) []byte {
	return append(append([]byte(home), personNo...), 0)
}

// parseYearKey reads a year key behind its person's prefix.
func parseYearKey(home ledger.Province, personNo string, rest []byte) (clearing.YearKey, error) {
	insutype, year, ok := bytes.Cut(rest, []byte{0})
	if !ok || len(year) != 4 {
		return clearing.YearKey{}, ErrEncoding
	}
	return clearing.YearKey{
		Home: home, PersonNo: personNo, Insutype: string(insutype),
		Year: int(binary.BigEndian.Uint32(year)),
	}, nil
}

// messageValue packs a message's state; most messages have no mark.
func messageValue(m clearing.MessageState) []byte {
	value := binary.AppendUvarint(nil, m.Record)
	if m.Mark != 0 {
		value = binary.AppendUvarint(value, m.Mark)
	}
	return value
}

func parseMessageValue(b []byte) (m clearing.MessageState, err error) {
	if len(b) == 0 {
		return m, nil
	}
	var size int
	if m.Record, size = binary.Uvarint(b); size <= 0 {
		return m, ErrEncoding
	}
	if b = b[size:]; len(b) > 0 {
		if m.Mark, size = binary.Uvarint(b); size != len(b) {
			return m, ErrEncoding
		}
	}
	return m, nil
}

func parseNumber(b []byte) (uint64, error) {
	if b == nil {
		return 0, nil
	}
	n, size := binary.Uvarint(b)
	if size != len(b) {
		return 0, ErrEncoding
	}
	return n, nil
}
