package store

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"go.etcd.io/bbolt"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/ledger/boltstore"
	"clearingd/provinces"
)

var (
	bucketMeta      = []byte("meta")
	bucketMessages  = []byte("messages")
	bucketStays     = []byte("stays")
	bucketUndone    = []byte("undone")
	bucketYears     = []byte("years")
	bucketPositions = []byte("positions")
	bucketCuts      = []byte("cuts")
	bucketDays      = []byte("days")
	bucketPlans     = []byte("plans")
	bucketPlanSets  = []byte("plansets")
	bucketAttempts  = []byte("attempts")
)

var keyMeta = []byte("meta")

// meta are the books' facts about themselves.
type meta struct {
	Format   int                          `cbor:"1,keyasint"`
	Install  string                       `cbor:"2,keyasint"`
	FirstDay ledger.Day                   `cbor:"3,keyasint"`
	Outcomes map[provinces.Outcome]uint64 `cbor:"4,keyasint"`
	Redone   uint64                       `cbor:"5,keyasint,omitempty"`
}

func readMeta(tx *bbolt.Tx) (m meta, err error) {
	found, err := get(tx.Bucket(bucketMeta), keyMeta, &m)
	if err == nil && !found {
		err = fmt.Errorf("%w: no meta record", ErrEncoding)
	}
	return m, err
}

// readMetaOfAnyFormat is readMeta for books that may be from before the values had sums.
func readMetaOfAnyFormat(tx *bbolt.Tx) (meta, error) {
	m, err := readMeta(tx)
	if err == nil {
		return m, nil
	}
	var older meta
	if decodeRaw(tx.Bucket(bucketMeta).Get(keyMeta), &older) == nil && older.Format < firstSummed {
		return older, nil
	}
	return m, err
}

func writeMeta(tx *bbolt.Tx, m meta) error { return put(tx.Bucket(bucketMeta), keyMeta, m) }

// Tx is one transaction on the books. It implements clearing.View. It must not be used
// after the function it was given to returns.
type Tx struct {
	raw      *bbolt.Tx
	writer   *boltstore.Writer // nil in a read-only transaction
	appender *appender         // of writer; nil like it

	// Gathered in a read-write transaction and written by flush.
	days      map[ledger.Day]DayState
	positions map[ledger.Province]clearing.Position
	outcomes  map[provinces.Outcome]uint64
	redone    uint64
}

var (
	_ clearing.View         = (*Tx)(nil)
	_ clearing.ActView      = (*Tx)(nil)
	_ clearing.RegistryView = (*Tx)(nil)

	_ clearing.StatementView = (*Tx)(nil)
)

func newTx(raw *bbolt.Tx, writer *boltstore.Writer) *Tx {
	tx := &Tx{
		raw: raw, writer: writer,
		days:      make(map[ledger.Day]DayState),
		positions: make(map[ledger.Province]clearing.Position),
		outcomes:  make(map[provinces.Outcome]uint64),
	}
	if writer != nil {
		tx.appender = &appender{writer: writer}
	}
	return tx
}

// Last is the number of the newest record; 0 in empty books.
func (tx *Tx) Last() uint64 {
	if tx.appender != nil {
		return tx.appender.last()
	}
	return boltstore.Last(tx.raw)
}

// Next is the number the next record gets.
func (tx *Tx) Next() uint64 { return tx.Last() + 1 }

// Record returns a record by its number.
func (tx *Tx) Record(number uint64) (*clearing.Record, error) {
	raw, err := tx.settled()
	if err != nil {
		return nil, err
	}
	stored, err := boltstore.Get(raw, number)
	if err != nil {
		return nil, err
	}
	return decodeRecord(stored)
}

func decodeRecord(stored boltstore.Record) (*clearing.Record, error) {
	var record clearing.Record
	if err := decodeRaw(stored.Payload, &record); err != nil {
		return nil, fmt.Errorf("record %d: %w", stored.Number, err)
	}
	record.Number = stored.Number
	return &record, nil
}

// Entry returns the ledger entry of a record.
func (tx *Tx) Entry(number uint64) (ledger.Entry, error) {
	raw, err := tx.settled()
	if err != nil {
		return ledger.Entry{}, err
	}
	stored, err := boltstore.Get(raw, number)
	return stored.Entry, err
}

// Stay returns the standing booking of a stay; 0 if none stands.
func (tx *Tx) Stay(key clearing.StayKey) (uint64, error) {
	return parseNumber(tx.raw.Bucket(bucketStays).Get(stayKey(key)))
}

// Message returns what is known of a message.
func (tx *Tx) Message(key string) (clearing.MessageState, error) {
	return parseMessageValue(tx.raw.Bucket(bucketMessages).Get([]byte(key)))
}

// Undone returns the record that undid this one; 0 if it stands.
func (tx *Tx) Undone(number uint64) (uint64, error) {
	return parseNumber(tx.raw.Bucket(bucketUndone).Get(numberKey(number)))
}

// Year returns a person-year.
func (tx *Tx) Year(key clearing.YearKey) (state clearing.YearState, err error) {
	_, err = get(tx.raw.Bucket(bucketYears), yearKey(key), &state)
	return state, err
}

// Apply stores a decision: the record and entry, the states it changes, and the place
// of its message as answered. Nothing of the decision may be changed afterwards. What is
// wrong with the record itself may be said only later, by whoever reads records or by
// Update; the transaction is then rolled back as a whole.
func (tx *Tx) Apply(d clearing.Decision) error {
	if next := tx.Next(); d.Record.Number != next {
		return fmt.Errorf("record %d, next is %d: %w", d.Record.Number, next, boltstore.ErrNotNext)
	}
	tx.appender.add(&d.Record, d.Entry)
	if err := tx.applyStates(d); err != nil {
		return fmt.Errorf("record %d: %w", d.Record.Number, err)
	}
	if d.Record.OffStream() {
		if err := tx.applyAct(d); err != nil {
			return fmt.Errorf("record %d: %w", d.Record.Number, err)
		}
		return tx.enter(&d.Record)
	}
	return tx.advance(&d.Record)
}

func (tx *Tx) applyStates(d clearing.Decision) error {
	if err := tx.noteMessage(d.Record.MessageKey(), func(m *clearing.MessageState) {
		if m.Record == 0 { // the first message under a key stays the one it names
			m.Record = d.Record.Number
		}
	}); err != nil {
		return err
	}
	if d.Mark != "" {
		err := tx.noteMessage(d.Mark, func(m *clearing.MessageState) { m.Mark = d.Record.Number })
		if err != nil {
			return err
		}
	}
	if d.Stay != nil {
		if err := setNumber(tx.raw.Bucket(bucketStays), stayKey(d.Stay.Key), d.Stay.Booked); err != nil {
			return err
		}
	}
	for _, undone := range d.Undone {
		if err := setNumber(tx.raw.Bucket(bucketUndone), numberKey(undone.Number), undone.By); err != nil {
			return err
		}
	}
	for _, change := range d.Years {
		if err := put(tx.raw.Bucket(bucketYears), yearKey(change.Key), change.State); err != nil {
			return err
		}
	}
	return tx.noteRefolds(d)
}

func (tx *Tx) noteMessage(key string, change func(*clearing.MessageState)) error {
	state, err := tx.Message(key)
	if err != nil {
		return err
	}
	change(&state)
	return tx.raw.Bucket(bucketMessages).Put([]byte(key), messageValue(state))
}

// setNumber stores a number under a key, or removes the key for 0.
func setNumber(b *bbolt.Bucket, key []byte, n uint64) error {
	if n == 0 {
		return b.Delete(key)
	}
	return b.Put(key, binaryNumber(n))
}

// flush writes what Apply gathered.
func (tx *Tx) flush() error {
	if err := tx.appender.settle(); err != nil {
		return err
	}
	if err := tx.writer.Flush(); err != nil {
		return err
	}
	for _, day := range slices.Sorted(maps.Keys(tx.days)) {
		if err := put(tx.raw.Bucket(bucketDays), dayKey(day), tx.days[day]); err != nil {
			return err
		}
	}
	for _, stream := range slices.Sorted(maps.Keys(tx.positions)) {
		if err := put(tx.raw.Bucket(bucketPositions), []byte(stream), tx.positions[stream]); err != nil {
			return err
		}
	}
	if len(tx.outcomes) == 0 && tx.redone == 0 {
		return nil
	}
	m, err := readMeta(tx.raw)
	if err != nil {
		return err
	}
	if m.Outcomes == nil {
		m.Outcomes = make(map[provinces.Outcome]uint64)
	}
	for outcome, count := range tx.outcomes {
		m.Outcomes[outcome] += count
	}
	m.Redone += tx.redone
	return writeMeta(tx.raw, m)
}

// Quarantined counts the messages that are quarantined and not decided again yet.
func (tx *Tx) Quarantined() (uint64, error) {
	m, err := readMeta(tx.raw)
	return m.Outcomes[provinces.Quarantined] - m.Redone, err
}

// Outcomes counts the outcomes of all messages since the books began.
func (tx *Tx) Outcomes() (map[provinces.Outcome]uint64, error) {
	m, err := readMeta(tx.raw)
	return m.Outcomes, err
}

// Balances visits every account ever used.
func (tx *Tx) Balances(visit func(ledger.Account, ledger.Balance) error) error {
	raw, err := tx.settled()
	if err != nil {
		return err
	}
	return boltstore.Balances(raw, visit)
}

// Root is the Merkle root over the first size records.
func (tx *Tx) Root(size uint64) ([32]byte, error) {
	raw, err := tx.settled()
	if err != nil {
		return [32]byte{}, err
	}
	return boltstore.Root(raw, size)
}

// Leaf is a record's hash in the Merkle tree.
func (tx *Tx) Leaf(number uint64) ([32]byte, error) {
	raw, err := tx.settled()
	if err != nil {
		return [32]byte{}, err
	}
	return boltstore.Leaf(raw, number)
}

// Scan visits whole records with their entries, from..to in order.
func (tx *Tx) Scan(from, to uint64, visit func(*clearing.Record, ledger.Entry) error) error {
	return tx.scan(from, to, func(stored boltstore.Record) error {
		record, err := decodeRecord(stored)
		if err != nil {
			return err
		}
		return visit(record, stored.Entry)
	})
}

func (tx *Tx) scan(from, to uint64, visit func(boltstore.Record) error) error {
	raw, err := tx.settled()
	if err != nil {
		return err
	}
	return boltstore.Scan(raw, from, to, visit)
}

// Years visits a person's benefit years in a home province; insutype "" means all
// insurances.
func (tx *Tx) Years(home ledger.Province, personNo, insutype string, visit func(clearing.YearKey, clearing.YearState) error) error {
	prefix := personPrefix(home, personNo)
	cursor := tx.raw.Bucket(bucketYears).Cursor()
	for key, value := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, value = cursor.Next() {
		parsed, err := parseYearKey(home, personNo, key[len(prefix):])
		if err != nil {
			return err
		}
		if insutype != "" && parsed.Insutype != insutype {
			continue
		}
		var state clearing.YearState
		if err := decode(key, value, &state); err != nil {
			return err
		}
		if err := visit(parsed, state); err != nil {
			return err
		}
	}
	return nil
}

// YearEntries are the standing bills a person-year is folded from, in the order of the
// fold.
func (tx *Tx) YearEntries(year int, state clearing.YearState) (entries []uint64, err error) {
	if state.Refold != nil {
		for _, bill := range state.Refold.Bills {
			entries = append(entries, bill.Number)
		}
		return entries, nil
	}
	for number := state.Last; number != 0; {
		entries = append(entries, number)
		record, err := tx.Record(number)
		if err != nil {
			return nil, err
		}
		number = 0
		if record.Bill != nil {
			for _, link := range record.Bill.Years {
				if link.Year == year {
					number = link.Before.Last
				}
			}
		}
	}
	slices.Reverse(entries)
	return entries, nil
}
