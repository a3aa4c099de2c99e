package intake

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/ledger/boltstore"
	"clearingd/provinces"
)

// apply decides a statement that is whole, and writes its rows. They count for nothing
// until it is finished.
func (s *Statements) apply(ctx context.Context, record *clearing.StatementRecord) (refusal *provinces.RejectError, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &statementFault{recovered(p)}
		}
	}()
	var parts map[int]store.StatementPart
	err = s.o.Store.View(func(tx *store.Tx) error {
		if record.Original, refusal, err = clearing.PlaceStatement(tx, &record.Statement); err != nil {
			return err
		}
		parts, err = tx.StatementParts(record.Party, record.ID)
		return err
	})
	if err != nil || refusal != nil {
		return refusal, err
	}
	if record.Outcome = provinces.StatementApplied; record.Original != "" {
		record.Outcome = provinces.StatementRepeated
		return nil, nil
	}
	if record.Statement.File == nil {
		return nil, nil
	}
	file, refusal := s.openFile(ctx, record.Statement.File, parts)
	if refusal == nil {
		refusal, err = file.check()
	}
	if refusal == nil && err == nil {
		refusal, err = s.checkRows(&record.Statement, file)
	}
	if refusal == nil && err == nil {
		err = s.writeRows(record, file)
	}
	if errors.Is(err, ErrGone) {
		return provinces.Reject(provinces.CodeStatementParts, "file", "all parts on the broker", ""), nil
	}
	return refusal, err
}

// checkRows reads the file and finds everything that is wrong with it.
func (s *Statements) checkRows(statement *provinces.Statement, file *partFile) (*provinces.RejectError, error) {
	check := clearing.NewStatementCheck(statement, s.owners())
	err := s.eachRow(statement, file, check.Refuse, check.Row)
	if err != nil {
		return nil, err
	}
	check.Totals()
	if check.Suspects() {
		err = s.eachRow(statement, file, func(*provinces.RejectError) {}, func(row *provinces.StatementRow) (bool, error) {
			check.Again(row)
			return true, nil
		})
	}
	return check.Refusal(), err
}

// eachRow shows every row, and every line that is none.
func (s *Statements) eachRow(statement *provinces.Statement, file *partFile, bad func(*provinces.RejectError), row func(*provinces.StatementRow) (bool, error)) error {
	return provinces.EachStatementRow(s.o.Desk().Statements, statement, file, bad, row)
}

func (s *Statements) writeRows(record *clearing.StatementRecord, file *partFile) error {
	writer := s.o.Store.NewRowWriter(record.Number)
	err := s.eachRow(&record.Statement, file, func(r *provinces.RejectError) { panic("a line was good and is bad") }, func(row *provinces.StatementRow) (bool, error) {
		return true, writer.Add(*row)
	})
	if err != nil {
		return err
	}
	sealed, err := writer.Close()
	record.Rows, record.Blocks, record.RowsDigest = sealed.Rows, sealed.Blocks, sealed.Digest
	return err
}

// owners tells whose bill a settlement number names by the books. It is asked for every row,
// so the answer to the number before is kept: a file can name one bill a million times.
func (s *Statements) owners() clearing.StatementOwner {
	var before struct {
		number   uint64
		provider string
		home     ledger.Area
		ok       bool
	}
	return func(number uint64) (provider string, home ledger.Area, ok bool, err error) {
		if number == 0 || number != before.number {
			if provider, home, ok, err = s.ownerOf(number); err != nil {
				return "", "", false, err
			}
			before.number, before.provider, before.home, before.ok = number, provider, home, ok
		}
		return before.provider, before.home, before.ok, nil
	}
}

// ownerOf reads whose bill a number names.
func (s *Statements) ownerOf(number uint64) (provider string, home ledger.Area, ok bool, err error) {
	err = s.o.Store.View(func(tx *store.Tx) error {
		var record clearing.Record
		err := tx.Brief(number, number, func(r *clearing.Record, _ ledger.Entry) error {
			record = *r
			return nil
		})
		switch {
		case errors.Is(err, boltstore.ErrNoRecord), err == nil && record.Number == 0:
			return nil
		case err != nil:
			return err
		}
		move, moved, err := tx.BillMove(&record)
		if err != nil || !moved {
			return err
		}
		provider, home, ok = move.Bill.Provider, move.Bill.Home, true
		return nil
	})
	return provider, home, ok, err
}

// partFile reads a file out of the parts that lie in the stream. It holds one part.
type partFile struct {
	ctx   context.Context
	fetch func(context.Context, uint64) ([]byte, error)
	file  *provinces.StatementFile
	parts []store.StatementPart // part n is parts[n-1]
	from  []int64               // where each begins in the file

	held int // which part bytes is; -1: none
	data []byte
}

func (s *Statements) openFile(ctx context.Context, file *provinces.StatementFile, parts map[int]store.StatementPart) (*partFile, *provinces.RejectError) {
	f := &partFile{ctx: ctx, fetch: s.o.Fetch, file: file, held: -1}
	var size int64
	for n := 1; n <= file.Parts; n++ {
		part := parts[n]
		if part.Bytes < 1 || part.Bytes > provinces.StatementPartBytesMax {
			return nil, provinces.Reject(provinces.CodeStatementParts, fmt.Sprintf("part %d", n), fmt.Sprintf("1 to %d bytes", provinces.StatementPartBytesMax), fmt.Sprint(part.Bytes))
		}
		f.parts, f.from = append(f.parts, part), append(f.from, size)
		size += part.Bytes
	}
	if size != file.Bytes {
		return nil, provinces.Reject(provinces.CodeStatementParts, "bytes", fmt.Sprint(size), fmt.Sprint(file.Bytes))
	}
	return f, nil
}

// check holds the whole file against its digest.
func (f *partFile) check() (*provinces.RejectError, error) {
	hash := sha256.New()
	if _, err := io.Copy(hash, io.NewSectionReader(f, 0, f.file.Bytes)); err != nil {
		return nil, err
	}
	if sum := hash.Sum(nil); [32]byte(sum) != f.file.SHA256 {
		return provinces.Reject(provinces.CodeStatementParts, "sha256", fmt.Sprintf("%x", sum), fmt.Sprintf("%x", f.file.SHA256)), nil
	}
	return nil, nil
}

// ReadAt reads across parts. Its errors wrap provinces.ErrStatementSource.
func (f *partFile) ReadAt(p []byte, offset int64) (n int, err error) {
	for n < len(p) {
		at := offset + int64(n)
		if at >= f.file.Bytes {
			return n, io.EOF
		}
		i, exact := slices.BinarySearch(f.from, at)
		if !exact {
			i--
		}
		if err := f.load(i); err != nil {
			return n, err
		}
		n += copy(p[n:], f.data[at-f.from[i]:])
	}
	return n, nil
}

// load holds part i+1, insisting while the broker cannot be reached.
func (f *partFile) load(i int) error {
	if f.held == i {
		return nil
	}
	for {
		data, err := f.fetch(f.ctx, f.parts[i].Sequence)
		switch {
		case err == nil && sha256.Sum256(data) == f.parts[i].Digest:
			f.held, f.data = i, data
			return nil
		case err == nil || errors.Is(err, ErrGone):
			return fmt.Errorf("%w: part %d: %w", provinces.ErrStatementSource, i+1, ErrGone)
		case f.ctx.Err() != nil:
			return fmt.Errorf("%w: %w", provinces.ErrStatementSource, f.ctx.Err())
		}
		select {
		case <-time.After(time.Second):
		case <-f.ctx.Done():
		}
	}
}
