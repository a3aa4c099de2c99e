package reconcile

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
)

// rowsMax is how many rows of one side can be held against one bill. What a side states
// more often than that is told apart, as rows without a bill.
const rowsMax = 64

// Match holds the rows of the sides against the books' items of one business day and gives
// every bill, and every row without one, to emit exactly once. A result is good until
// emit returns. The order is fixed: bills that were settled by their number, by number;
// then the others by their stay; then rows without a bill by side and party. It depends
// on nothing but the inputs, and not on the order in which they were sorted in.
//
// Its memory does not grow with the day: what the first pass leaves over goes through the
// sorter again. The digest is over everything that was read, and the version of the rules.
func Match(in Inputs, emit func(*Result) error) (digest [32]byte, err error) {
	m := &matching{in: in, emit: emit, stays: newSorter(in.Runs), rows: newSorter(in.Runs), words: sha256.New()}
	defer func() {
		for _, s := range []*sorter{m.stays, m.rows} {
			if closing := s.Close(); err == nil {
				err = closing
			}
		}
	}()
	if err := m.open(); err != nil {
		return digest, err
	}
	for _, pass := range []func() error{m.byNumber, m.byStay, m.leftOver} {
		if err := pass(); err != nil {
			return digest, err
		}
	}
	return m.digest(), nil
}

// matching is one match on its way.
type matching struct {
	in    Inputs
	emit  func(*Result) error
	heads [4]front // the books at 0, then the sides
	stays *sorter  // bills and rows that wait to be matched by their stay
	rows  *sorter  // rows that nothing was found for
	words hash.Hash

	bill   Item   // reused from bill to bill
	result Result // reused from bill to bill
	left   []Item // reused
	buffer []byte
	word   [4]byte
}

// front is a stream with the item that comes next.
type front struct {
	stream Stream
	item   Item
	more   bool
	began  bool
	sum    hash.Hash
	buffer []byte
}

func (m *matching) open() error {
	for i := range m.heads {
		h := &m.heads[i]
		h.stream, h.sum = m.in.Sides[i], sha256.New()
		if i == 0 {
			h.stream = m.in.Books
		}
		if h.stream == nil {
			h.stream = Items()
		}
		if err := h.advance(); err != nil {
			return err
		}
	}
	return nil
}

func (h *front) advance() error {
	last := h.item.Number
	more, err := h.stream.Next(&h.item)
	if err != nil {
		return err
	}
	h.more = more
	if !more {
		return nil
	}
	if h.began && h.item.Number < last {
		return fmt.Errorf("%w: %d after %d", ErrOrder, h.item.Number, last)
	}
	h.began = true
	if raw, ok := h.stream.(*sortedItems); ok {
		h.sum.Write(raw.raw)
		return nil
	}
	h.buffer = appendItem(byNumber(h.item.Number), &h.item)
	h.sum.Write(h.buffer)
	return nil
}

// digest is over all that was read. The words of the parties are in it as they were
// asked for, bill by bill.
func (m *matching) digest() (digest [32]byte) {
	all := sha256.New()
	fmt.Fprintf(all, "engine %d", Engine)
	for i := range m.heads {
		all.Write(m.heads[i].sum.Sum(nil))
	}
	all.Write(m.words.Sum(nil))
	copy(digest[:], all.Sum(nil))
	return digest
}

// byNumber is the first pass: settlement ids that are the same.
func (m *matching) byNumber() error {
	for {
		number, more := uint64(0), false
		for i := range m.heads {
			if h := &m.heads[i]; h.more && (!more || h.item.Number < number) {
				number, more = h.item.Number, true
			}
		}
		if !more {
			return nil
		}
		if err := m.one(number); err != nil {
			return err
		}
	}
}

// one takes what books and sides have under one number.
func (m *matching) one(number uint64) error {
	books := &m.heads[0]
	if !books.more || books.item.Number != number {
		for _, s := range Sides {
			if err := m.strangers(s, number); err != nil {
				return err
			}
		}
		return nil
	}
	m.bill = books.item
	if err := books.advance(); err != nil {
		return err
	}
	if number == 0 || books.more && books.item.Number == number || m.bill.From != m.bill.To {
		return fmt.Errorf("%w: %d", ErrBooks, number)
	}
	r := m.fresh(&m.bill)
	for _, s := range Sides {
		if err := m.claim(r, s); err != nil {
			return err
		}
	}
	return m.settle(r)
}

// fresh is an empty result for the bill.
func (m *matching) fresh(bill *Item) *Result {
	r := &m.result
	*r = Result{Books: bill, Sides: r.Sides, Findings: r.Findings[:0]}
	m.word = [4]byte{}
	for _, s := range Sides {
		r.Sides[s] = r.Sides[s][:0]
		r.said[s] = m.in.Word(s, bill)
		m.word[s] = r.said[s].byte()
	}
	m.words.Write(m.word[1:])
	return r
}

func bit(is bool) byte {
	if is {
		return 1
	}
	return 0
}

func (s Said) byte() (b byte) {
	for i, yes := range [...]bool{s.Asked, s.Complete, s.Rows, s.Refunds, s.Stated} {
		if yes {
			b |= 1 << i
		}
	}
	return b | byte(s.Totals)<<5
}

// strangers are rows under a number that the books of this day do not have.
func (m *matching) strangers(s Side, number uint64) error {
	h := &m.heads[s]
	for h.more && h.item.Number == number {
		if err := m.wait(s, &h.item, &h.item); err != nil {
			return err
		}
		if err := h.advance(); err != nil {
			return err
		}
	}
	return nil
}

// claim takes the side's rows under the bill's number. Rows with its id are the bill's:
// the one that agrees best first, then its duplicates, then those that say that it was
// taken back, or the other way round. A refund that names a bill which is undone belongs
// to what undid it.
func (m *matching) claim(r *Result, s Side) error {
	h := &m.heads[s]
	m.left = m.left[:0]
	for h.more && h.item.Number == r.Books.Number {
		row := &h.item
		r.back[s] = r.back[s] || row.Refund && !r.Books.Refund && r.Books.UndoneBy != 0
		switch {
		case row.SettlementID != r.Books.SettlementID, len(r.Sides[s]) == rowsMax,
			row.Refund && !r.Books.Refund && r.Books.UndoneBy != 0:
			if err := m.wait(s, row, r.Books); err != nil {
				return err
			}
		case row.Refund == r.Books.Refund:
			r.Sides[s] = append(r.Sides[s], *row)
		default:
			m.left = append(m.left, *row)
		}
		if err := h.advance(); err != nil {
			return err
		}
	}
	bestFirst(r.Books, r.Sides[s])
	for i := range m.left {
		if len(r.Sides[s]) < rowsMax {
			r.Sides[s] = append(r.Sides[s], m.left[i])
		} else if err := m.wait(s, &m.left[i], r.Books); err != nil {
			return err
		}
	}
	return nil
}

// bestFirst puts the row first that agrees best with the bill; of equally good ones the
// first stays the first.
func bestFirst(bill *Item, rows []Item) {
	best, marks := 0, -1
	for i := range rows {
		if n := likeness(bill, &rows[i]); n > marks {
			best, marks = i, n
		}
	}
	if best > 0 {
		row := rows[best]
		copy(rows[1:], rows[:best])
		rows[0] = row
	}
}

func likeness(bill, row *Item) (marks int) {
	if bill.Amounts.same(&row.Amounts) {
		marks += 2
	}
	if row.on(bill.From) {
		marks++
	}
	return marks
}

// settle gives the bill out if every side is settled, and lets it wait otherwise. A
// cancellation that a 2601 undid waits for that one, which has no number that sides know.
func (m *matching) settle(r *Result) error {
	waits := r.Books.voidCancellation()
	for _, s := range Sides {
		waits = waits || r.wants(s)
	}
	if waits && hasStay(r.Books) {
		return m.waitFor(r)
	}
	if err := m.remember(r); err != nil {
		return err
	}
	return m.give(r)
}

// wants reports whether a row of the side that the first pass did not find could still
// be the bill's.
func (r *Result) wants(s Side) bool {
	own, _ := r.ownRows(s)
	return own == 0 && r.said[s].Rows
}

func (m *matching) give(r *Result) error {
	r.judge()
	return m.emit(r)
}

// hasStay reports whether the item can be found by its stay.
func hasStay(i *Item) bool { return i.Provider != "" && i.VisitID != "" }

const stayBytes = 16

// stayKey is the natural key without the person, who is compared where both sides know
// the person: a stay is one visit at one provider.
func stayKey(b []byte, i *Item) []byte {
	var buffer [96]byte
	text := appendText(appendText(buffer[:0], i.Provider), i.VisitID)
	sum := sha256.Sum256(text)
	return append(b, sum[:stayBytes]...)
}

// Kinds of records that wait to be matched by their stay, in the order of their use.
const (
	aClaimed byte = iota // a bill that needs nothing more: only so that its twins are found
	aBill
	aRow
)

// wait lays a row aside for the passes by stay. The stay is that of the item named by.
func (m *matching) wait(s Side, row, by *Item) error {
	if hasStay(row) {
		by = row
	}
	if !hasStay(by) {
		return m.leave(s, row)
	}
	m.buffer = append(stayKey(m.buffer[:0], by), aRow, byte(s))
	m.buffer = appendItem(m.buffer, row)
	return m.stays.add(m.buffer, nil)
}

// waitFor lays a bill aside with what was found for it.
func (m *matching) waitFor(r *Result) error {
	m.buffer = append(stayKey(m.buffer[:0], r.Books), aBill)
	m.buffer = binary.BigEndian.AppendUint64(m.buffer, r.Books.Number)
	m.buffer = appendItem(m.buffer, r.Books)
	for _, s := range Sides {
		m.buffer = append(m.buffer, r.said[s].byte(), bit(r.back[s]), byte(len(r.Sides[s])))
		for i := range r.Sides[s] {
			m.buffer = appendItem(m.buffer, &r.Sides[s][i])
		}
	}
	return m.stays.add(m.buffer, nil)
}

// remember notes a standing bill that some side has, so that a second bill of the same
// stay and amounts is known to be one that only the books have twice.
func (m *matching) remember(r *Result) error {
	if r.Books.Refund || r.Books.UndoneBy != 0 || !hasStay(r.Books) {
		return nil
	}
	var has byte
	for _, s := range Sides {
		if own, _ := r.ownRows(s); own > 0 {
			has |= 1 << s
		}
	}
	if has == 0 {
		return nil
	}
	m.buffer = append(stayKey(m.buffer[:0], r.Books), aClaimed, has)
	m.buffer = binary.AppendUvarint(m.buffer, r.Books.Number)
	m.buffer = binary.AppendVarint(m.buffer, int64(r.Books.Amounts.Total))
	m.buffer = binary.AppendVarint(m.buffer, int64(r.Books.Amounts.Owed()))
	return m.stays.add(m.buffer, nil)
}

// leave lays a row aside that nothing was found for.
func (m *matching) leave(s Side, row *Item) error {
	m.buffer = append(m.buffer[:0], byte(s))
	m.buffer = appendText(m.buffer, row.Party.Key())
	m.buffer = appendText(m.buffer, RowKey(row))
	m.buffer = binary.AppendUvarint(m.buffer, uint64(len(m.buffer)))
	begin := len(m.buffer)
	m.buffer = appendItem(m.buffer, row)
	return m.rows.add(m.buffer[:begin], m.buffer[begin:])
}
