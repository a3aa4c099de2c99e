package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"clearingd/ledger"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Faults of stored bytes.
var (
	ErrChecksum = errors.New("boltstore: record fails its checksum")
	ErrEncoding = errors.New("boltstore: record cannot be decoded")
)

const crcSize = 4

// encodeRecord lays a record out as
//
//	crc32c(4) | length of entry (uvarint) | entry | payload
//
// The checksum covers the number too, so that a record at another's place is found.
func encodeRecord(number uint64, entry, payload []byte) []byte {
	value := make([]byte, crcSize, crcSize+binary.MaxVarintLen64+len(entry)+len(payload))
	value = binary.AppendUvarint(value, uint64(len(entry)))
	value = append(value, entry...)
	value = append(value, payload...)
	binary.BigEndian.PutUint32(value, checksum(number, value[crcSize:]))
	return value
}

func checksum(number uint64, content []byte) uint32 {
	var key [8]byte
	binary.BigEndian.PutUint64(key[:], number)
	return crc32.Update(crc32.Checksum(key[:], castagnoli), castagnoli, content)
}

// splitRecord checks a stored value and returns its parts, which alias it.
func splitRecord(number uint64, value []byte) (entry, payload []byte, err error) {
	if len(value) < crcSize+1 || binary.BigEndian.Uint32(value) != checksum(number, value[crcSize:]) {
		return nil, nil, fmt.Errorf("record %d: %w", number, ErrChecksum)
	}
	n, size := binary.Uvarint(value[crcSize:])
	rest := value[crcSize+max(size, 0):]
	if size <= 0 || n > uint64(len(rest)) {
		return nil, nil, fmt.Errorf("record %d: %w", number, ErrEncoding)
	}
	return rest[:n], rest[n:], nil
}

// content is the part of a stored value that the Merkle leaf is made from.
func content(value []byte) []byte { return value[crcSize:] }

// appendEntry encodes everything of an entry but its number, which is the key.
func appendEntry(b []byte, e ledger.Entry) []byte {
	b = binary.AppendVarint(b, int64(e.Day))
	b = binary.AppendUvarint(b, e.Corrects)
	b = binary.AppendUvarint(b, uint64(len(e.Postings)))
	for _, p := range e.Postings {
		b = binary.AppendUvarint(b, uint64(accountKeySize+len(p.Account.Provider)))
		b = appendAccountKey(b, p.Account)
		b = binary.AppendVarint(b, int64(p.Amount))
	}
	return b
}

func decodeEntry(number uint64, b []byte) (ledger.Entry, error) {
	if len(b) == 0 {
		return ledger.Entry{Number: number}, nil
	}
	r := reader{b: b}
	e := ledger.Entry{Number: number, Day: ledger.Day(r.varint()), Corrects: r.uvarint()}
	count := r.uvarint()
	if count > uint64(len(b)) {
		return ledger.Entry{}, fmt.Errorf("record %d: %w", number, ErrEncoding)
	}
	e.Postings = make([]ledger.Posting, count)
	for i := range e.Postings {
		account, err := parseAccountKey(r.text())
		if err != nil {
			return ledger.Entry{}, fmt.Errorf("record %d: %w", number, err)
		}
		e.Postings[i] = ledger.Posting{Account: account, Amount: ledger.Amount(r.varint())}
	}
	if r.failed || len(r.b) != 0 {
		return ledger.Entry{}, fmt.Errorf("record %d: %w", number, ErrEncoding)
	}
	return e, nil
}

// accountKey orders accounts by side, home, treatment, fund, stage, provider.
func accountKey(a ledger.Account) []byte {
	return appendAccountKey(make([]byte, 0, accountKeySize+len(a.Provider)), a)
}

func appendAccountKey(b []byte, a ledger.Account) []byte {
	b = append(b, byte(a.Side))
	b = append(b, a.Home...)
	b = append(b, a.Treatment...)
	b = append(b, a.Fund...)
	b = append(b, byte(a.Stage))
	return append(b, a.Provider...)
}

const accountKeySize = 1 + 6 + 6 + 6 + 1

func parseAccountKey(key []byte) (ledger.Account, error) {
	if len(key) < accountKeySize {
		return ledger.Account{}, ErrEncoding
	}
	text := string(key) // once for all its parts
	a := ledger.Account{
		Side:      ledger.Side(key[0]),
		Home:      ledger.Area(text[1:7]),
		Treatment: ledger.Area(text[7:13]),
		Fund:      ledger.Fund(text[13:19]),
		Stage:     ledger.Stage(key[19]),
		Provider:  text[20:],
	}
	return a, a.Check()
}

func numberKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// reader takes an encoding apart; after the first failure it returns zeros.
type reader struct {
	b      []byte
	failed bool
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.failed, r.b = true, nil
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) varint() int64 {
	n, size := binary.Varint(r.b)
	if size <= 0 {
		r.failed, r.b = true, nil
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) text() []byte {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.failed, r.b = true, nil
		return nil
	}
	text := r.b[:n]
	r.b = r.b[n:]
	return text
}
