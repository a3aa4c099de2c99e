package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"runtime/debug"
)

// The layout of bbolt's file, as far as it takes to know that bbolt can walk it. bbolt
// reads through a memory map and trusts what a page says of itself: one flipped bit can
// send it into a cycle or beyond the end of the file, and that ends the process. So the
// check reads the pages by itself first, through plain reads, and bbolt sees a file only
// if its pages are sound.
const (
	pageHeader    = 16 // id u64, flags u16, count u16, overflow u32
	elementHeader = 16
	bucketHeader  = 16 // root page u64, sequence u64

	flagBranch, flagLeaf, flagFreelist = 0x01, 0x02, 0x10

	metaBytes = 64
	metaMagic = 0xED0CDAED
	manyFree  = 0xFFFF // the true count of a freelist is in its first element

	bucketElement  = 0x01
	noFreelist     = ^uint64(0)
	pagesDepthMax  = 32  // no tree of ours comes near it
	pagesFaultsMax = 100 // what one damaged file may make us say
)

// native is the byte order bbolt writes: the machine's own.
var native = binary.NativeEndian

// pageFile walks the pages of a file of books.
type pageFile struct {
	file     io.ReaderAt
	pageSize int64
	high     uint64 // pages from here on are not in use
	root     uint64
	freelist uint64

	seen   map[uint64]bool
	faults []string
}

// errPages: the file is not laid out as books are.
var errPages = errors.New("the pages of the file are damaged")

// checkPages reads every page in use and says what is wrong with the structure they
// form. It does not look at what keys and values mean. The error says that the file
// cannot be read as books at all.
func checkPages(path string) (faults []string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	p, err := openPages(file, 0)
	if err != nil {
		return nil, err
	}
	return p.check(), nil
}

// check reads the free pages and those in use.
func (p *pageFile) check() []string {
	p.seen = map[uint64]bool{0: true, 1: true}
	if p.freelist != noFreelist {
		p.free()
	}
	p.walk(p.root, 0)
	return p.faults
}

// errOverwritten: the first pages tell of later transactions only.
var errOverwritten = errors.New("the books have been written since")

// checkPagesAt reads the pages that a transaction has left. Somebody must be reading at
// that transaction while it works, so that none of them is used for anything else; whoever writes
// meanwhile is not disturbed. The error is errOverwritten when it comes too late.
func checkPagesAt(path string, transaction uint64) (faults []string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	p, err := openPages(file, transaction)
	if err != nil {
		return nil, err
	}
	return p.check(), nil
}

// checkEnds refuses a file that has no sound beginning or that ends too early.
func checkEnds(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = openPages(file, 0)
	return err
}

// openPages reads the newest sound meta page, or that of the given transaction, and refuses
// a file that ends before its last page does.
func openPages(file *os.File, transaction uint64) (*pageFile, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	var best *pageFile
	var newest uint64
	var faults []string
	for _, at := range []int64{0, int64(os.Getpagesize())} {
		b := make([]byte, pageHeader+metaBytes)
		if _, err := file.ReadAt(b, at); err != nil {
			continue // too short, or unreadable: the other one decides
		}
		m := b[pageHeader:]
		sum := fnv.New64a()
		sum.Write(m[:56])
		if native.Uint32(m) != metaMagic || native.Uint64(m[56:]) != sum.Sum64() {
			// A commit writes these bytes within one sector, so no power cut tears them.
			faults = append(faults, fmt.Sprintf("page %d: fails its checksum; the books may be one commit older than they were", at/int64(os.Getpagesize())))
			continue
		}
		txid := native.Uint64(m[48:])
		if transaction != 0 && txid != transaction {
			continue
		}
		if best == nil || txid > newest {
			newest = txid
			best = &pageFile{
				file: file, pageSize: int64(native.Uint32(m[8:])),
				root: native.Uint64(m[16:]), freelist: native.Uint64(m[32:]), high: native.Uint64(m[40:]),
			}
		}
	}
	if transaction != 0 {
		faults = nil // the other page may be half written at this moment
	}
	switch {
	case best == nil && transaction != 0:
		return nil, errOverwritten
	case best == nil:
		return nil, fmt.Errorf("%w: neither of its first two pages says where the books begin", errPages)
	case best.pageSize < 512 || best.high > 1<<48/uint64(best.pageSize):
		return nil, fmt.Errorf("%w: pages of %d bytes, %d of them", errPages, best.pageSize, best.high)
	case info.Size() < int64(best.high)*best.pageSize:
		return nil, fmt.Errorf("%w: the file has %d bytes and should have at least %d: it was cut off, or copied in part",
			errPages, info.Size(), int64(best.high)*best.pageSize)
	}
	best.faults = faults
	return best, nil
}

func (p *pageFile) fault(id uint64, format string, args ...any) {
	if len(p.faults) < pagesFaultsMax {
		p.faults = append(p.faults, fmt.Sprintf("page %d: ", id)+fmt.Sprintf(format, args...))
	}
}

// read takes a page with its overflow; nil if it cannot be a page in use here.
func (p *pageFile) read(id uint64) []byte {
	if id >= p.high {
		p.fault(id, "is beyond the end of the books at page %d", p.high)
		return nil
	}
	header := make([]byte, pageHeader)
	if _, err := p.file.ReadAt(header, int64(id)*p.pageSize); err != nil {
		p.fault(id, "cannot be read: %v", err)
		return nil
	}
	overflow := uint64(native.Uint32(header[12:]))
	if got := native.Uint64(header); got != id || id+overflow >= p.high {
		p.fault(id, "says that it is page %d and goes on over %d more", got, overflow)
		return nil
	}
	for n := id; n <= id+overflow; n++ {
		if p.seen[n] {
			p.fault(n, "is used twice")
			return nil
		}
		p.seen[n] = true
	}
	page := make([]byte, int64(overflow+1)*p.pageSize)
	if _, err := p.file.ReadAt(page, int64(id)*p.pageSize); err != nil {
		p.fault(id, "cannot be read: %v", err)
		return nil
	}
	return page
}

func (p *pageFile) free() {
	page := p.read(p.freelist)
	if page == nil {
		return
	}
	count, at := uint64(native.Uint16(page[10:])), uint64(pageHeader)
	if count == manyFree {
		count, at = native.Uint64(page[at:]), at+8
	}
	if native.Uint16(page[8:]) != flagFreelist || count > (uint64(len(page))-at)/8 {
		p.fault(p.freelist, "is no list of free pages")
		return
	}
	for i := range count {
		id := native.Uint64(page[at+8*i:])
		if id < 2 || id >= p.high || p.seen[id] {
			p.fault(p.freelist, "lists page %d as free", id)
			continue
		}
		p.seen[id] = true
	}
}

// walk reads a tree of pages, buckets within buckets included.
func (p *pageFile) walk(id uint64, depth int) {
	if page := p.read(id); page != nil {
		p.elements(id, page, depth)
	}
}

func (p *pageFile) elements(id uint64, page []byte, depth int) {
	flags, count := native.Uint16(page[8:]), int(native.Uint16(page[10:]))
	if flags != flagBranch && flags != flagLeaf || depth > pagesDepthMax || pageHeader+count*elementHeader > len(page) {
		p.fault(id, "is no page of keys (flags %#x, %d elements, depth %d)", flags, count, depth)
		return
	}
	if flags == flagBranch && count == 0 {
		p.fault(id, "is a branch that leads nowhere")
	}
	// Keys and values follow the elements without a gap, and behind them nothing is written: so
	// a count that has become smaller, which hides entries, is seen.
	next := pageHeader + count*elementHeader
	defer func() {
		if len(bytes.Trim(page[min(next, len(page)):], "\x00")) > 0 {
			p.fault(id, "has more on it than its %d elements", count)
		}
	}()
	for i := range count {
		at := pageHeader + i*elementHeader
		if flags == flagBranch {
			key := part(page, at, native.Uint32(page[at:]), uint64(native.Uint32(page[at+4:])))
			if key == nil || at+int(native.Uint32(page[at:])) != next {
				p.fault(id, "key %d is not where it must be in the page", i)
				continue
			}
			next += len(key)
			p.walk(native.Uint64(page[at+8:]), depth+1)
			continue
		}
		keySize, valueSize := uint64(native.Uint32(page[at+8:])), uint64(native.Uint32(page[at+12:]))
		both := part(page, at, native.Uint32(page[at+4:]), keySize+valueSize)
		if both == nil || keySize == 0 || at+int(native.Uint32(page[at+4:])) != next {
			p.fault(id, "key and value %d are not where they must be in the page", i)
			continue
		}
		next += len(both)
		switch kind := native.Uint32(page[at:]); {
		case kind == bucketElement:
			p.bucket(id, both[keySize:], depth)
		case kind != 0:
			p.fault(id, "element %d is neither a value nor a bucket", i)
		}
	}
}

// part is what an element points at, counted from the element itself; nil if that is not
// in the page.
func part(page []byte, at int, offset uint32, size uint64) []byte {
	begin := uint64(at) + uint64(offset)
	if begin < pageHeader || begin+size > uint64(len(page)) || size == 0 {
		return nil
	}
	return page[begin : begin+size]
}

// bucket follows a bucket to its pages; a small one is within its parent's value.
func (p *pageFile) bucket(id uint64, value []byte, depth int) {
	if len(value) < bucketHeader {
		p.fault(id, "holds a bucket of %d bytes", len(value))
		return
	}
	if root := native.Uint64(value); root != 0 {
		p.walk(root, depth+1)
		return
	}
	inline := value[bucketHeader:]
	if len(inline) < pageHeader || native.Uint16(inline[8:]) != flagLeaf || native.Uint64(inline) != 0 {
		p.fault(id, "holds a small bucket that is none")
		return
	}
	p.elements(id, inline, depth+1)
}

// guard runs fn and turns what a damaged file does to it, a panic or a memory fault on
// the mapped file, into ErrDamaged.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: reading it failed: %v", ErrDamaged, p)
		}
	}()
	return fn()
}
