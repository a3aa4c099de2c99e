package reconcile

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// Memory of a sorter. A day of a million rows needs some ten runs; beyond mergeMax
// runs they are merged into fewer first, so that the memory does not grow with the day.
const (
	arenaBytes  = 16 << 20 // of records before they go into a run
	bufferBytes = 32 << 10
	mergeMax    = 64 // runs that are read at a time
)

// sorter puts records into the order of their bytes: a key, then the content. So
// equal keys are in the order of their content and the order of what was added does not
// matter; equal records all stay.
type sorter struct {
	runs    Runs
	arena   []byte
	records []record
	written []Run
	limit   int // of the arena
}

// record is a place in the arena. The first bytes of it are kept beside, because most
// comparisons end there.
type record struct {
	prefix     uint64
	begin, end uint32
}

func newSorter(runs Runs) *sorter { return &sorter{runs: runs, limit: arenaBytes} }

// add takes a record; its bytes are copied.
func (s *sorter) add(key, content []byte) error {
	if len(s.arena)+len(key)+len(content) > s.limit && len(s.records) > 0 {
		if err := s.spill(); err != nil {
			return err
		}
	}
	if s.arena == nil {
		s.arena = make([]byte, 0, min(s.limit, 64<<10))
	}
	begin := len(s.arena)
	s.arena = append(append(s.arena, key...), content...)
	var prefix [8]byte
	copy(prefix[:], s.arena[begin:])
	s.records = append(s.records, record{binary.BigEndian.Uint64(prefix[:]), uint32(begin), uint32(len(s.arena))})
	return nil
}

func (s *sorter) sort() {
	slices.SortFunc(s.records, func(a, b record) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		return bytes.Compare(s.arena[a.begin:a.end], s.arena[b.begin:b.end])
	})
}

// spill sorts what is in memory and writes it into a run.
func (s *sorter) spill() error {
	if len(s.records) == 0 {
		return nil
	}
	s.sort()
	w, err := s.createRun()
	if err != nil {
		return err
	}
	for _, r := range s.records {
		w.record(s.arena[r.begin:r.end])
	}
	s.arena, s.records = s.arena[:0], s.records[:0]
	return w.flush()
}

// runWriter frames records: their length, their bytes.
type runWriter struct{ *bufio.Writer }

func (s *sorter) createRun() (runWriter, error) {
	run, err := s.runs.Create()
	if err != nil {
		return runWriter{}, fmt.Errorf("reconcile: making room to sort: %w", err)
	}
	s.written = append(s.written, run)
	return runWriter{bufio.NewWriterSize(run, bufferBytes)}, nil
}

func (w runWriter) record(r []byte) {
	var length [binary.MaxVarintLen64]byte
	w.Write(binary.AppendUvarint(length[:0], uint64(len(r)))) // errors stay until flush
	w.Write(r)
}

func (w runWriter) flush() error {
	if err := w.Flush(); err != nil {
		return fmt.Errorf("reconcile: writing a run: %w", err)
	}
	return nil
}

// sorted gives the records in order. Nothing can be added afterwards.
func (s *sorter) sorted() (records, error) {
	for len(s.written) > mergeMax {
		if err := s.mergeSome(); err != nil {
			return nil, err
		}
	}
	if len(s.written) == 0 {
		s.sort()
		return &arenaRecords{s: s}, nil
	}
	if err := s.spill(); err != nil { // what waits to be read needs no memory beside its buffers
		return nil, err
	}
	s.arena, s.records = nil, nil
	var sources []records
	for _, run := range s.written {
		r, err := readRun(run)
		if err != nil {
			return nil, err
		}
		sources = append(sources, r)
	}
	return newMerge(sources)
}

// mergeSome merges the oldest mergeMax runs into one.
func (s *sorter) mergeSome() error {
	old := slices.Clone(s.written[:mergeMax])
	s.written = slices.Clone(s.written[mergeMax:])
	closing := closers{}
	var sources []records
	for _, run := range old {
		closing = append(closing, run)
		r, err := readRun(run)
		if err != nil {
			return err
		}
		sources = append(sources, r)
	}
	merged, err := newMerge(sources)
	if err != nil {
		return err
	}
	w, err := s.createRun()
	if err != nil {
		return err
	}
	for {
		r, err := merged.next()
		if err != nil {
			return err
		}
		if r == nil {
			break
		}
		w.record(r)
	}
	if err := w.flush(); err != nil {
		return err
	}
	return closing.Close()
}

// Close gives the sorter's room back.
func (s *sorter) Close() error {
	var all closers
	for _, run := range s.written {
		all = append(all, run)
	}
	s.arena, s.records, s.written = nil, nil, nil
	return all.Close()
}

// records are read one by one; nil is the end. A record is good until the next call.
type records interface {
	next() ([]byte, error)
}

type arenaRecords struct {
	s  *sorter
	at int
}

func (a *arenaRecords) next() ([]byte, error) {
	if a.at == len(a.s.records) {
		return nil, nil
	}
	r := a.s.records[a.at]
	a.at++
	return a.s.arena[r.begin:r.end], nil
}

// runRecords reads a run back.
type runRecords struct {
	r      *bufio.Reader
	buffer []byte
}

func readRun(run Run) (*runRecords, error) {
	r, err := run.Reader()
	if err != nil {
		return nil, fmt.Errorf("reconcile: reading a run: %w", err)
	}
	return &runRecords{r: bufio.NewReaderSize(r, bufferBytes)}, nil
}

func (r *runRecords) next() ([]byte, error) {
	n, err := binary.ReadUvarint(r.r)
	if err == io.EOF {
		return nil, nil
	}
	if err == nil && n > arenaBytes {
		err = ErrRun
	}
	if err == nil {
		r.buffer = slices.Grow(r.buffer[:0], int(n))[:n]
		_, err = io.ReadFull(r.r, r.buffer)
	}
	if err != nil {
		return nil, fmt.Errorf("reconcile: reading a run: %w", err)
	}
	return r.buffer, nil
}

// merge reads several sources in order as one: a heap of their foremost records.
type merge struct {
	heads []head
	first bool // the foremost head has been given out
}

type head struct {
	record []byte
	prefix uint64
	from   records
}

func newMerge(sources []records) (*merge, error) {
	m := &merge{}
	for _, s := range sources {
		h := head{from: s}
		if err := h.advance(); err != nil {
			return nil, err
		}
		if h.record != nil {
			m.heads = append(m.heads, h)
		}
	}
	for i := len(m.heads)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	return m, nil
}

func (h *head) advance() (err error) {
	h.record, err = h.from.next()
	var prefix [8]byte
	copy(prefix[:], h.record)
	h.prefix = binary.BigEndian.Uint64(prefix[:])
	return err
}

func (h *head) before(o *head) bool {
	if h.prefix != o.prefix {
		return h.prefix < o.prefix
	}
	return bytes.Compare(h.record, o.record) < 0
}

func (m *merge) next() ([]byte, error) {
	if m.first {
		if err := m.heads[0].advance(); err != nil {
			return nil, err
		}
		if m.heads[0].record == nil {
			last := len(m.heads) - 1
			m.heads[0] = m.heads[last]
			m.heads = m.heads[:last]
		}
		m.down(0)
	}
	if len(m.heads) == 0 {
		m.first = false
		return nil, nil
	}
	m.first = true
	return m.heads[0].record, nil
}

func (m *merge) down(i int) {
	for {
		least := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(m.heads) && m.heads[child].before(&m.heads[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		m.heads[i], m.heads[least] = m.heads[least], m.heads[i]
		i = least
	}
}
