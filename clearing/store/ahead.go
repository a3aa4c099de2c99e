package store

import (
	"encoding/binary"
	"os"
	"slices"

	"go.etcd.io/bbolt"

	"clearingd/ledger/boltstore"
)

// ReadAhead tells the kernel that the records from..to will be read next, so that it
// brings their pages from disk in few large reads. bbolt maps the file as one that is read
// here and there, and without this a scan of books that are not in memory waits for page
// after page, five times as long. It is only a hint: whatever goes wrong, the pages are
// read one by one.
func (s *Store) ReadAhead(from, to uint64) {
	_ = s.db.View(func(tx *bbolt.Tx) error {
		a := ahead{file: s.file, pageSize: int64(s.db.Info().PageSize), from: from, to: to, need: willNeed}
		a.walk(boltstore.RecordsPage(tx), 0)
		return nil
	})
}

// ahead finds the leaf pages of a range of records without reading them.
type ahead struct {
	file     *os.File
	pageSize int64
	from, to uint64
	need     func(file *os.File, offset, length int64)
}

// gapPages is how many pages of others a read goes on over.
const gapPages = 16

func (a *ahead) walk(id uint64, depth int) {
	page := make([]byte, a.pageSize)
	if _, err := a.file.ReadAt(page, int64(id)*a.pageSize); err != nil || depth > pagesDepthMax {
		return
	}
	children := a.children(page)
	if len(children) == 0 {
		return
	}
	header := make([]byte, pageHeader) // what one child is, all are
	if _, err := a.file.ReadAt(header, int64(children[0])*a.pageSize); err != nil {
		return
	}
	if native.Uint16(header[8:]) == flagBranch {
		for _, child := range children {
			a.walk(child, depth+1)
		}
		return
	}
	slices.Sort(children)
	width := uint64(native.Uint32(header[12:])) + 1
	for first := 0; first < len(children); {
		last := first
		for last+1 < len(children) && children[last+1] <= children[last]+gapPages {
			last++
		}
		a.need(a.file, int64(children[first])*a.pageSize, int64(children[last]+width-children[first])*a.pageSize)
		first = last + 1
	}
}

// children are the pages below a branch that hold records of the range.
func (a *ahead) children(page []byte) (list []uint64) {
	count := int(native.Uint16(page[10:]))
	if native.Uint16(page[8:]) != flagBranch || pageHeader+count*elementHeader > len(page) {
		return nil
	}
	for i := count - 1; i >= 0; i-- {
		at := pageHeader + i*elementHeader
		key := part(page, at, native.Uint32(page[at:]), uint64(native.Uint32(page[at+4:])))
		if len(key) != 8 {
			return nil
		}
		number := binary.BigEndian.Uint64(key)
		if number <= a.to {
			list = append(list, native.Uint64(page[at+8:]))
		}
		if number <= a.from {
			return list
		}
	}
	return list
}
