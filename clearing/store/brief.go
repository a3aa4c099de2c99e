package store

import (
	"encoding/binary"
	"fmt"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/ledger/boltstore"
	"clearingd/provinces"
)

// Brief visits records like Scan, but reads of each only what a day's report needs: a
// night has to read every record of its days, and most of a record is trace and answer.
// Set are Number, Stream, Day, Outcome, Code, Original, Treatment, Home, Provider and
// Effect; of a bill the claim's PersonNo, VisitID, Insutype and Total, and the benefit's Funds, Account, Cash
// and Warnings. Act is there, without content. A record with an adjustment is whole. Record and bill are reused: visit
// must not keep them, nor the list of funds. Warnings are shared and must not be changed.
func (tx *Tx) Brief(from, to uint64, visit func(*clearing.Record, ledger.Entry) error) error {
	r := briefReader{texts: make(map[string]string), warnings: make(map[string][]benefit.Warning)}
	return tx.scan(from, to, func(stored boltstore.Record) error {
		record, err := r.read(stored)
		if err != nil {
			return err
		}
		return visit(record, stored.Entry)
	})
}

// briefReader takes stored records apart. Texts that come again and again are kept, since
// to make them anew would be most of the work; all of them are codes of few kinds.
type briefReader struct {
	cborReader
	record     clearing.Record
	bill       clearing.Bill
	adjustment bool // the record at hand must be read as a whole

	texts    map[string]string
	warnings map[string][]benefit.Warning // by their stored bytes
}

func (r *briefReader) read(stored boltstore.Record) (*clearing.Record, error) {
	r.b, r.failed, r.adjustment = stored.Payload, false, false
	r.record = clearing.Record{Number: stored.Number}
	r.fields(r.recordField)
	switch {
	case r.failed || len(r.b) != 0:
		return nil, fmt.Errorf("record %d: %w", stored.Number, ErrEncoding)
	case r.adjustment:
		return decodeRecord(stored)
	}
	return &r.record, nil
}

// recordField reads a field of clearing.Record by the number in its tag.
func (r *briefReader) recordField(field uint64) bool {
	record := &r.record
	switch field {
	case 1:
		record.Stream = ledger.Province(r.word())
	case 6:
		record.Day = ledger.Day(r.int())
	case 7:
		record.Outcome = provinces.Outcome(r.word())
	case 8:
		record.Code = provinces.Code(r.int())
	case 10:
		record.Original = uint64(r.int())
	case 13:
		record.Treatment = ledger.Area(r.word())
	case 14:
		record.Home = ledger.Area(r.word())
	case 15:
		record.Provider = r.word()
	case 16:
		record.Effect = int8(r.int())
	case 17:
		r.bill = clearing.Bill{Benefit: benefit.Adjudication{Funds: r.bill.Benefit.Funds[:0]}}
		record.Bill = &r.bill
		r.fields(r.billField)
	case 19:
		r.adjustment = true
		return false
	case 22:
		record.Act = &clearing.Act{}
		return false
	default:
		return false
	}
	return true
}

func (r *briefReader) billField(field uint64) bool {
	switch field {
	case 1:
		r.fields(r.claimField)
	case 2:
		r.fields(r.benefitField)
	default:
		return false
	}
	return true
}

func (r *briefReader) claimField(field uint64) bool {
	switch claim := &r.bill.Claim; field {
	case 1:
		claim.PersonNo = string(r.text())
	case 2:
		claim.VisitID = string(r.text())
	case 5:
		claim.Insutype = r.word()
	case 20:
		claim.Total = ledger.Amount(r.int())
	default:
		return false
	}
	return true
}

func (r *briefReader) benefitField(field uint64) bool {
	switch b := &r.bill.Benefit; field {
	case 6:
		for range r.array() {
			b.Funds = append(b.Funds, benefit.Share{})
			r.fields(r.shareField)
		}
	case 7:
		b.Account = ledger.Amount(r.int())
	case 8:
		b.Cash = ledger.Amount(r.int())
	case 11:
		b.Warnings = r.warningList()
	default:
		return false
	}
	return true
}

func (r *briefReader) shareField(field uint64) bool {
	switch share := &r.bill.Benefit.Funds[len(r.bill.Benefit.Funds)-1]; field {
	case 2:
		share.Fund = ledger.Fund(r.word())
	case 3:
		share.Amount = ledger.Amount(r.int())
	default:
		return false
	}
	return true
}

func (r *briefReader) warningList() []benefit.Warning {
	whole := cborReader{b: r.b}
	r.skip()
	stored := whole.b[:len(whole.b)-len(r.b)]
	if known, ok := r.warnings[string(stored)]; ok {
		return known
	}
	var list []benefit.Warning
	for range whole.array() {
		list = append(list, benefit.Warning(whole.text()))
	}
	r.failed = r.failed || whole.failed
	r.warnings[string(stored)] = list
	return list
}

// word is a text of which there are few.
func (r *briefReader) word() string {
	text := r.text()
	if known, ok := r.texts[string(text)]; ok {
		return known
	}
	word := string(text)
	r.texts[word] = word
	return word
}

// cborReader walks over CBOR as this package writes it, without making values of what it
// passes. After the first failure it returns zeros and has nothing left. It does not look
// for what only a stranger would write (doubled keys, indefinite lengths): the record's
// checksum has shown by then that the bytes are ours.
type cborReader struct {
	b      []byte
	failed bool
}

// Kinds of CBOR items.
const (
	cborUnsigned, cborNegative, cborBytes, cborText = 0, 1, 2, 3
	cborArray, cborMap, cborTag                     = 4, 5, 6
)

func (r *cborReader) fail() { r.b, r.failed = nil, true }

// head reads what an item begins with: its kind, and its number, length or count.
func (r *cborReader) head() (kind byte, n uint64) {
	if len(r.b) == 0 {
		r.fail()
		return 0, 0
	}
	kind, n = r.b[0]>>5, uint64(r.b[0]&31)
	r.b = r.b[1:]
	if n < 24 {
		return kind, n
	}
	size := 1 << (n - 24)
	if n > 27 || len(r.b) < size {
		r.fail()
		return 0, 0
	}
	var whole [8]byte
	copy(whole[8-size:], r.b)
	r.b = r.b[size:]
	return kind, binary.BigEndian.Uint64(whole[:])
}

// skip passes over one item with all that is in it. Small heads, nearly all of them, are
// read in place: a trace has hundreds.
func (r *cborReader) skip() {
	for left := uint64(1); left > 0 && !r.failed; left-- {
		var kind byte
		var n uint64
		if len(r.b) > 0 && r.b[0]&31 < 24 {
			kind, n, r.b = r.b[0]>>5, uint64(r.b[0]&31), r.b[1:]
		} else {
			kind, n = r.head()
		}
		if kind < cborBytes || kind > cborTag {
			continue
		}
		if n > uint64(len(r.b)) && kind != cborTag {
			r.fail() // not even a byte for each
			return
		}
		switch kind {
		case cborBytes, cborText:
			r.b = r.b[n:]
		case cborArray:
			left += n
		case cborMap:
			left += 2 * n
		case cborTag:
			left++
		}
	}
}

// fields reads a map with numbers as keys. read is told each key and reads the value, or
// returns false without touching it.
func (r *cborReader) fields(read func(field uint64) bool) {
	kind, n := r.head()
	if kind != cborMap {
		r.fail()
	}
	for ; n > 0 && !r.failed; n-- {
		if kind, field := r.head(); kind != cborUnsigned {
			r.fail()
		} else if !read(field) {
			r.skip()
		}
	}
}

// array returns how many items follow.
func (r *cborReader) array() uint64 {
	kind, n := r.head()
	if kind != cborArray || n > uint64(len(r.b)) {
		r.fail()
		return 0
	}
	return n
}

func (r *cborReader) int() int64 {
	kind, n := r.head()
	switch {
	case kind == cborUnsigned && n < 1<<63:
		return int64(n)
	case kind == cborNegative && n < 1<<63:
		return -1 - int64(n)
	}
	r.fail()
	return 0
}

// text aliases the stored bytes.
func (r *cborReader) text() []byte {
	kind, n := r.head()
	if kind != cborText || n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	text := r.b[:n]
	r.b = r.b[n:]
	return text
}
