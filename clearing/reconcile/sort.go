package reconcile

import (
	"encoding/binary"
	"fmt"
	"iter"
)

// Stream gives items one by one in the order of their numbers, equal numbers in the
// order of their content. Next fills the item and reports whether there was one; the
// item's memory is not used again.
type Stream interface {
	Next(*Item) (bool, error)
}

// Sorter brings the items of one stream into order, in bounded memory. Whatever the
// order in which items are added, what it gives is the same; equal items all stay.
type Sorter struct {
	records *sorter
	buffer  []byte
}

// NewSorter makes a sorter that puts what its memory does not hold into runs.
func NewSorter(runs Runs) *Sorter { return &Sorter{records: newSorter(runs)} }

// Add takes an item; it is copied.
func (s *Sorter) Add(i *Item) error {
	s.buffer = appendItem(binary.BigEndian.AppendUint64(s.buffer[:0], i.Number), i)
	return s.records.add(s.buffer, nil)
}

// AddAll takes the items of a sequence.
func (s *Sorter) AddAll(items iter.Seq2[Item, error]) error {
	for i, err := range items {
		if err != nil {
			return err
		}
		if err := s.Add(&i); err != nil {
			return err
		}
	}
	return nil
}

// Sorted gives the items in order. Nothing can be added afterwards.
func (s *Sorter) Sorted() (Stream, error) {
	r, err := s.records.sorted()
	if err != nil {
		return nil, err
	}
	return &sortedItems{records: r}, nil
}

// Close gives the sorter's room back; its stream is void.
func (s *Sorter) Close() error { return s.records.Close() }

type sortedItems struct {
	records
	raw []byte // of the item that was given last
}

const numberBytes = 8

func (s *sortedItems) Next(i *Item) (bool, error) {
	r, err := s.next()
	if r == nil || err != nil {
		return false, err
	}
	if len(r) < numberBytes {
		return false, fmt.Errorf("reconcile: an item of %d bytes: %w", len(r), ErrRun)
	}
	s.raw = r
	d := decoder{text: string(r[numberBytes:])}
	return true, d.item(i)
}

// Items is a stream of items that are in order already.
func Items(items ...Item) Stream { return &sliceItems{items} }

type sliceItems struct{ left []Item }

func (s *sliceItems) Next(i *Item) (bool, error) {
	if len(s.left) == 0 {
		return false, nil
	}
	*i, s.left = s.left[0], s.left[1:]
	return true, nil
}
