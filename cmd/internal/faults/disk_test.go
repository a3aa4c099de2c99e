package faults

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"testing"
)

// sector is the smallest part of a file that a disk writes whole.
const sector = 512

// disk is one file as a disk may hold it: what was synced, and what was written since
// and may be there, in part, or not. Renaming is the caller's affair.
type disk struct {
	t       testing.TB
	file    *os.File // holds the synced bytes; an image changes it for a moment
	synced  []byte
	sum     digest // of synced
	pending []write
}

// write is one call that is not synced.
type write struct {
	offset int64
	data   []byte
	size   int64 // ftruncate: data is nil
}

// digest tells images apart: the sum, bit by bit, of the hashes of all sectors that are
// not zero, with their places.
type digest [16]byte

func (d *digest) toggle(number int64, content []byte) {
	if allZero(content) {
		return
	}
	h := sha256.Sum256(append(binary.BigEndian.AppendUint64(nil, uint64(number)), content...))
	for i := range d {
		d[i] ^= h[i]
	}
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

func newDisk(t testing.TB, path string) *disk {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return &disk{t: t, file: file}
}

// sync makes everything written durable.
func (d *disk) sync() {
	d.t.Helper()
	undo := d.apply(d.pending)
	d.sum, d.synced, d.pending = undo.sum, undo.bytes, nil
}

// image is what a power cut may have left.
type image struct {
	sum   digest
	bytes []byte
}

// apply brings the file to the synced bytes with these writes over them.
func (d *disk) apply(writes []write) image {
	d.t.Helper()
	b := image{d.sum, d.synced}
	for _, w := range writes {
		end := max(w.size, w.offset+int64(len(w.data)))
		end = (end + sector - 1) / sector * sector
		if end > int64(len(b.bytes)) {
			b.bytes = append(b.bytes[:len(b.bytes):len(b.bytes)], make([]byte, end-int64(len(b.bytes)))...)
		}
	}
	if len(writes) > 0 && len(b.bytes) == len(d.synced) {
		b.bytes = append([]byte(nil), b.bytes...)
	}
	for _, w := range writes {
		for at := w.offset / sector; at*sector < w.offset+int64(len(w.data)); at++ {
			b.sum.toggle(at, b.bytes[at*sector:(at+1)*sector])
		}
		copy(b.bytes[w.offset:], w.data)
		for at := w.offset / sector; at*sector < w.offset+int64(len(w.data)); at++ {
			b.sum.toggle(at, b.bytes[at*sector:(at+1)*sector])
		}
		if _, err := d.file.WriteAt(w.data, w.offset); err != nil {
			d.t.Fatal(err)
		}
	}
	if err := d.file.Truncate(int64(len(b.bytes))); err != nil {
		d.t.Fatal(err)
	}
	return b
}

// revert takes the writes back out of the file.
func (d *disk) revert(writes []write) {
	d.t.Helper()
	if err := d.file.Truncate(int64(len(d.synced))); err != nil {
		d.t.Fatal(err)
	}
	for _, w := range writes {
		from, to := min(w.offset, int64(len(d.synced))), min(w.offset+int64(len(w.data)), int64(len(d.synced)))
		if from == to {
			continue
		}
		if _, err := d.file.WriteAt(d.synced[from:to], from); err != nil {
			d.t.Fatal(err)
		}
	}
}

// survivors are the sets of unsynced writes that a power cut now may leave: all of
// them; all with the newest torn, from either end; and random parts of each.
func (d *disk) survivors(dice *rand.Rand, tears, subsets int) [][]write {
	sets := [][]write{d.pending}
	if len(d.pending) == 0 {
		return sets
	}
	last, before := d.pending[len(d.pending)-1], d.pending[:len(d.pending)-1]
	for _, unit := range []int64{sector, 8 * sector} {
		parts := split(last, unit)
		cuts := dice.Perm(max(len(parts)-1, 0))
		for _, cut := range cuts[:min(tears, len(cuts))] {
			sets = append(sets, append(before[:len(before):len(before)], parts[:cut+1]...), append(before[:len(before):len(before)], parts[cut+1:]...))
		}
		for range subsets {
			kept, share := []write{}, []int{10, 50, 90}[dice.IntN(3)]
			for _, w := range d.pending {
				for _, part := range split(w, unit) {
					if dice.IntN(100) < share {
						kept = append(kept, part)
					}
				}
			}
			sets = append(sets, kept)
		}
	}
	return sets
}

// split cuts a write at multiples of unit in the file.
func split(w write, unit int64) (parts []write) {
	if w.data == nil {
		return []write{w}
	}
	for data, offset := w.data, w.offset; len(data) > 0; {
		n := min(unit-offset%unit, int64(len(data)))
		parts = append(parts, write{offset: offset, data: data[:n]})
		data, offset = data[n:], offset+n
	}
	return parts
}
