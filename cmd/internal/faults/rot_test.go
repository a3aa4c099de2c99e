package faults

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"clearingd/clearing/store"
)

// place is a value stored in the books, and where it is in the file.
type place struct {
	bucket string
	record uint64 // of the records bucket: its number
	offset int64
	size   int
}

// rot is a good file of books and the places of its values.
type rot struct {
	*testing.T
	path   string
	good   []byte
	places []place
	dice   *rand.Rand
}

func newRot(t *testing.T, seed uint64, messages int) *rot {
	t.Helper()
	r := &rot{T: t, path: filepath.Join(t.TempDir(), "books.db"), dice: rand.New(rand.NewPCG(seed, 0x726f74))}
	if err := fillBooks(r.path, seed, messages/250, 250, nil); err != nil {
		t.Fatal(err)
	}
	var err error
	if r.good, err = os.ReadFile(r.path); err != nil {
		t.Fatal(err)
	}
	r.find()
	if result, err := store.CheckFile(context.Background(), r.path, nil); err != nil || len(result.Faults) > 0 {
		t.Fatalf("the books are not good to begin with: %v %v", err, result.Faults)
	}
	return r
}

// find lists all stored values: they are slices of the mapped file, so their bytes are
// looked for where a value of this size must be, in the pages in use.
func (r *rot) find() {
	r.Helper()
	db, err := bbolt.Open(r.path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		r.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			pages := leaves(r.good, uint64(b.Root()))
			n := 0
			for _, p := range pages {
				for key, place := range p {
					place.bucket = string(name)
					if place.bucket == "records" {
						place.record = binary.BigEndian.Uint64([]byte(key))
					}
					if value := b.Get([]byte(key)); string(value) != string(r.good[place.offset:place.offset+int64(place.size)]) {
						return fmt.Errorf("%s %x is not where the walk found it", name, key)
					}
					r.places = append(r.places, place)
					n++
				}
			}
			if keys := b.Stats().KeyN; b.Root() != 0 && n != keys {
				return fmt.Errorf("the walk found %d of %d values of %s", n, keys, name)
			}
			return nil
		})
	})
	if err != nil {
		r.Fatal(err)
	}
	slices.SortFunc(r.places, func(a, b place) int { return cmp.Compare(a.offset, b.offset) }) // the seed alone decides
}

// leaves walks a tree of pages in the file's bytes and gives the values of each leaf.
func leaves(file []byte, root uint64) (found []map[string]place) {
	if root == 0 {
		return nil // a small bucket within its parent; counted nowhere
	}
	at := int64(root) * int64(os.Getpagesize())
	native := binary.NativeEndian
	flags, count := native.Uint16(file[at+8:]), int64(native.Uint16(file[at+10:]))
	if flags == 1 {
		for i := range count {
			found = append(found, leaves(file, (native.Uint64(file[at+16+16*i+8:])))...)
		}
		return found
	}
	values := map[string]place{}
	for i := range count {
		e := at + 16 + 16*i
		begin, keySize := e+int64(native.Uint32(file[e+4:])), int64(native.Uint32(file[e+8:]))
		values[string(file[begin:begin+keySize])] = place{offset: begin + keySize, size: int(native.Uint32(file[e+12:]))}
	}
	return []map[string]place{values}
}

// spoiled writes a copy with some bits flipped, and gives its path.
func (r *rot) spoiled(bits ...int64) string {
	r.Helper()
	path := filepath.Join(filepath.Dir(r.path), "spoiled.db")
	if _, err := os.Stat(path); err != nil {
		if err := os.WriteFile(path, r.good, 0o600); err != nil {
			r.Fatal(err)
		}
	}
	r.flip(path, bits)
	return path
}

// flip turns bits over; doing so twice heals.
func (r *rot) flip(path string, bits []int64) {
	r.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		r.Fatal(err)
	}
	defer file.Close()
	for _, bit := range bits {
		b := []byte{0}
		if _, err := file.ReadAt(b, bit/8); err != nil {
			r.Fatal(err)
		}
		b[0] ^= 1 << (bit % 8)
		if _, err := file.WriteAt(b, bit/8); err != nil {
			r.Fatal(err)
		}
	}
}

// check gives what the check says of a file, as one text; "" if it finds nothing.
func check(path string) string {
	result, err := store.CheckFile(context.Background(), path, nil)
	if err != nil {
		return err.Error()
	}
	return strings.Join(result.Faults, "\n")
}

// A flipped bit in a stored record is found, and the record is named. Many records are
// spoiled at a time, so that thousands of bits can be tried (faults 8).
func TestRotInRecordsIsFoundAndNamed(t *testing.T) {
	messages, rounds, each := 1_000, 3, 100
	if thorough {
		messages, rounds, each = 15_000, 25, 100
	}
	r := newRot(t, 21, messages)
	var records []place
	for _, p := range r.places {
		if p.record != 0 {
			records = append(records, p)
		}
	}
	if len(records) != messages/250*250 {
		t.Fatalf("found %d records of %d", len(records), messages)
	}
	flips, named := 0, 0
	for range rounds {
		bits, spoiled := []int64{}, map[uint64]bool{}
		for _, i := range r.dice.Perm(len(records))[:each] {
			p := records[i]
			bits = append(bits, p.offset*8+r.dice.Int64N(int64(p.size)*8))
			spoiled[p.record] = true
		}
		path := r.spoiled(bits...)
		said := check(path) + "\n"
		for number := range spoiled {
			flips++
			if strings.Contains(said, fmt.Sprintf("record %d: ", number)) {
				named++
			} else {
				t.Logf("a flipped bit in record %d is not named", number)
			}
		}
		r.flip(path, bits)
	}
	t.Logf("%d bytes, %d records: %d of %d flipped bits found, with the record named", len(r.good), len(records), named, flips)
	if named*1000 < flips*999 {
		t.Errorf("only %d of %d flipped bits were found", named, flips)
	}
}

// A single flipped bit in any stored value, of whatever bucket, weighted by its bytes
// and not, is found (faults 8).
func TestRotInAnyValueIsFound(t *testing.T) {
	messages, each := 250, 6
	if thorough {
		messages, each = 1_000, 40
	}
	r := newRot(t, 22, messages)
	buckets := map[string][]place{}
	for _, p := range r.places {
		if p.size > 0 {
			buckets[p.bucket] = append(buckets[p.bucket], p)
		}
	}
	flips, found := 0, 0
	for _, name := range slices.Sorted(maps.Keys(buckets)) {
		places := buckets[name]
		for range each {
			p := places[r.dice.IntN(len(places))]
			bit := p.offset*8 + r.dice.Int64N(int64(p.size)*8)
			path := r.spoiled(bit)
			flips++
			if check(path) != "" {
				found++
			} else {
				t.Errorf("%s: bit %d of %x flipped, and the check found nothing", name, bit-p.offset*8, r.good[p.offset:p.offset+int64(p.size)])
			}
			r.flip(path, []int64{bit})
		}
	}
	t.Logf("%d of %d flipped bits found, in values of %d buckets", found, flips, len(buckets))
}

// A bit in the count of a page's elements hides entries or makes some up. What is left is whole,
// sums and all, so only the page can tell (a person's year that is hidden would be paid anew).
func TestNoEntryVanishesUnnoticed(t *testing.T) {
	each := 1
	if thorough {
		each = 16
	}
	r := newRot(t, 24, 250)
	pages := r.pages()
	for _, at := range pages {
		for range each {
			bit := (at+10)*8 + r.dice.Int64N(16)
			path := r.spoiled(bit)
			if check(path) == "" {
				t.Errorf("page %d: bit %d of its count flipped, and the check found nothing", at/int64(os.Getpagesize()), bit-(at+10)*8)
			}
			r.flip(path, []int64{bit})
		}
	}
	if len(pages) < 50 {
		t.Errorf("only %d pages", len(pages))
	}
}

// What a bucket must hold is known from the records: an entry that is gone is missed, whoever
// took it.
func TestAnEntryThatIsGoneIsMissed(t *testing.T) {
	r := newRot(t, 25, 250)
	for _, bucket := range []string{"messages", "stays", "undone", "years", "days", "positions", "records", "hashes"} {
		path := r.spoiled()
		db, err := bbolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bbolt.Tx) error {
			cursor := tx.Bucket([]byte(bucket)).Cursor()
			for key, value := cursor.First(); key != nil; key, value = cursor.Next() {
				if bucket != "positions" || value[len(value)-5] != 0 { // of a stream that has messages: the digest of its last
					return cursor.Delete()
				}
			}
			return errors.New("nothing to delete")
		})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatalf("%s: %v", bucket, err)
		}
		if check(path) == "" {
			t.Errorf("%s: its first entry is gone, and the check found nothing", bucket)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// pages are where the pages of all trees begin, the root bucket's own included.
func (r *rot) pages() (at []int64) {
	r.Helper()
	size := int64(os.Getpagesize())
	native := binary.NativeEndian
	var walk func(id uint64)
	walk = func(id uint64) {
		page := int64(id) * size
		at = append(at, page)
		for i := range int64(native.Uint16(r.good[page+10:])) {
			e := page + 16 + 16*i
			if native.Uint16(r.good[page+8:]) == 1 {
				walk(native.Uint64(r.good[e+8:]))
				continue
			}
			value := e + int64(native.Uint32(r.good[e+4:])) + int64(native.Uint32(r.good[e+8:]))
			if root := native.Uint64(r.good[value:]); native.Uint32(r.good[e:]) == 1 && root != 0 {
				walk(root)
			}
		}
	}
	meta := r.good[16:] // both say the same, but for the newest transaction
	if other := r.good[size+16:]; native.Uint64(other[48:]) > native.Uint64(meta[48:]) {
		meta = other
	}
	walk(native.Uint64(meta[16:]))
	return at
}

// A flipped bit anywhere in the file, keys, page headers and free lists included, never
// ends the process, and is found or changes nothing that the books say: the root stays.
func TestRotAnywhereNeverPanicsNorLies(t *testing.T) {
	messages, flips := 250, 60
	if thorough {
		messages, flips = 500, 2_000
	}
	r := newRot(t, 23, messages)
	before, err := store.CheckFile(context.Background(), r.path, nil)
	if err != nil {
		t.Fatal(err)
	}
	used, found := r.used(), 0
	for n := range flips {
		bit := r.dice.Int64N(used * 8)
		if n%2 == 0 { // in the headers of a page and its elements, where bbolt is most credulous
			page := r.dice.Int64N(used / int64(os.Getpagesize()))
			bit = page*int64(os.Getpagesize())*8 + r.dice.Int64N(64*8)
		}
		path := r.spoiled(bit)
		result, err := store.CheckFile(context.Background(), path, nil)
		switch {
		case err != nil && !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrFormat):
			t.Errorf("bit %d: an error without a name: %v", bit, err)
		case err != nil || len(result.Faults) > 0:
			found++
		case result.Root != before.Root || result.Records != before.Records:
			t.Errorf("bit %d: the books say something else, and the check found nothing", bit)
		}
		if s, err := store.Open(path); err == nil { // as the daemon does
			s.CheckTail(100)
			s.Close()
		}
		r.flip(path, []int64{bit})
		os.WriteFile(path, r.good, 0o600)
	}
	t.Logf("%d bits flipped anywhere in %d bytes in use: %d found, the others in bytes that hold nothing", flips, used, found)
}

// used is how much of the file holds pages that were ever written.
func (r *rot) used() int64 {
	last := len(r.good)
	for last > 0 && r.good[last-1] == 0 {
		last--
	}
	return int64(last)
}

// A file that was cut off or copied in part is refused, and the reason is named
// (faults 9).
func TestATruncatedFileIsRefused(t *testing.T) {
	cuts := 30
	if thorough {
		cuts = 1_000
	}
	r := newRot(t, 24, 250)
	path := filepath.Join(filepath.Dir(r.path), "cut.db")
	if err := os.WriteFile(path, r.good, 0o600); err != nil {
		t.Fatal(err)
	}
	sizes := []int64{0, 1, 4095, 4096, 8192, r.used() - 1, r.used() / 2}
	for range cuts {
		sizes = append(sizes, r.dice.Int64N(r.used()))
	}
	for _, size := range sizes {
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(path)
		if err == nil {
			s.Close()
		}
		if !errors.Is(err, store.ErrDamaged) || len(err.Error()) < 60 {
			t.Errorf("cut to %d of %d bytes: %v", size, len(r.good), err)
		}
		r.restore(path)
	}
	t.Logf("%d truncations refused", len(sizes))
}

func (r *rot) restore(path string) {
	r.Helper()
	file, err := os.Create(path)
	if err == nil {
		_, err = file.Write(r.good)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		r.Fatal(err)
	}
}
