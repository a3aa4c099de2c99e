package reconcile

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Whatever goes in comes out in order, equal records and all, over one run or over so many
// that they are merged in turns.
func TestTheSorterSorts(t *testing.T) {
	for _, c := range []struct{ records, limit int }{{0, 100}, {1, 100}, {500, 1 << 20}, {500, 100}, {5000, 100}, {9000, 64}} {
		dice := rand.New(rand.NewPCG(uint64(c.records), 1))
		s := newSorter(MemoryRuns{})
		s.limit = c.limit
		var want []string
		for range c.records {
			record := make([]byte, 1+dice.IntN(12))
			for i := range record {
				record[i] = byte(dice.IntN(3))
			}
			want = append(want, string(record))
			if err := s.add(record[:1], record[1:]); err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(want)
		got := drain(t, s)
		if !slices.Equal(got, want) {
			t.Errorf("%d records in %d bytes of memory came out wrong: %d", c.records, c.limit, len(got))
		}
		if len(s.written) > mergeMax+1 {
			t.Errorf("%d runs are read at a time", len(s.written))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func drain(t *testing.T, s *sorter) (all []string) {
	t.Helper()
	sorted, err := s.sorted()
	if err != nil {
		t.Fatal(err)
	}
	for {
		r, err := sorted.next()
		if err != nil {
			t.Fatal(err)
		}
		if r == nil {
			return all
		}
		all = append(all, string(r))
	}
}

// broken is room that fails where it is told to.
type broken struct{ create, write, read bool }

var errRoom = errors.New("no room")

func (b broken) Create() (Run, error) {
	if b.create {
		return nil, errRoom
	}
	return brokenRun{b}, nil
}

type brokenRun struct{ broken }

func (r brokenRun) Write(p []byte) (int, error) {
	if r.write {
		return 0, errRoom
	}
	return len(p), nil
}

func (r brokenRun) Reader() (io.Reader, error) {
	if r.read {
		return nil, errRoom
	}
	return bytes.NewReader([]byte{200, 1, 7}), nil // ends in the middle of a record
}
func (r brokenRun) Close() error { return nil }

func TestRoomThatFails(t *testing.T) {
	for _, b := range []broken{{create: true}, {write: true}, {read: true}, {}} {
		s := newSorter(b)
		s.limit = 8
		var err error
		for n := 0; n < 10 && err == nil; n++ {
			err = s.add([]byte("12345678"), nil)
		}
		var sorted records
		if err == nil {
			sorted, err = s.sorted()
		}
		for err == nil {
			var r []byte
			if r, err = sorted.next(); r == nil {
				break
			}
		}
		if err == nil {
			t.Errorf("%+v: not noticed", b)
		}
	}
}

// An item is what it was when it comes back; equal bytes are equal items.
func TestItemsSurviveTheirBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		books, sides, _ := small(t)
		for _, i := range slices.Concat(books, sides[1], sides[2], sides[3], []Item{bill(3, 5), row(takenBack(bill(3, 5), 1<<60), Home, 1<<31)}) {
			var back Item
			d := decoder{text: string(appendItem(nil, &i))}
			if err := d.item(&back); err != nil || d.text != "" {
				t.Fatal(err)
			}
			a, err := json.Marshal(i)
			b, err2 := json.Marshal(back)
			if err != nil || err2 != nil || !bytes.Equal(a, b) {
				t.Fatalf("%s came back as %s", a, b)
			}
		}
	})
}

// Bytes that a disk has changed are an error or another item, never a panic.
func FuzzDecodeItem(f *testing.F) {
	whole := bill(3, 5)
	f.Add(appendItem(nil, &whole))
	f.Add([]byte{0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		var i Item
		d := decoder{text: string(b)}
		if err := d.item(&i); err == nil && d.text == "" {
			again := decoder{text: string(appendItem(nil, &i))}
			var back Item
			if err := again.item(&back); err != nil {
				t.Fatal(err)
			}
		}
	})
}
