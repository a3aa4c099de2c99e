package night

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"clearingd/clearing/report"
	"clearingd/clearing/store"
	"clearingd/ledger"
)

// A match changes with every statement that comes late, so a past evening's part of a report
// cannot be computed again. What a report that has one was rendered from lies in the books
// with its seal: report.json, and the lines of its breaks; or report.json alone where it says that
// nothing could be matched.

// sealedLines is how many lines of breaks one part has.
const sealedLines = 500

// sealed reads what a day's report was rendered from; ok is false for a report that can be
// computed from the records.
func (n *Night) sealed(day ledger.Day) (r report.Report, ok bool, err error) {
	err = n.o.Store.View(func(tx *store.Tx) error {
		part := tx.Sealed(day, 0)
		if part == nil {
			return nil
		}
		text, err := unzip(part)
		if err == nil {
			r, err = report.ReadJSON(bytes.NewReader(text))
		}
		ok = err == nil
		return err
	})
	return r, ok, err
}

// sealedBreaks visits the lines of breaks that a day's report was rendered with.
func (n *Night) sealedBreaks(day ledger.Day, visit func(report.BreakLine) error) error {
	for part := uint32(1); ; part++ {
		var stored []byte
		if err := n.o.Store.View(func(tx *store.Tx) error { stored = tx.Sealed(day, part); return nil }); err != nil || stored == nil {
			return err
		}
		text, err := unzip(stored)
		if err != nil {
			return err
		}
		var lines []report.BreakLine
		if err := json.Unmarshal(text, &lines); err != nil {
			return fmt.Errorf("breaks of %s: %w", day, err)
		}
		for _, line := range lines {
			if err := visit(line); err != nil {
				return err
			}
		}
	}
}

// keepSealed keeps what the report is rendered from, in short transactions: before the seal,
// so that a day is never sealed without it.
func (n *Night) keepSealed(day ledger.Day, r report.Report) error {
	part, lines := uint32(0), make([]report.BreakLine, 0, sealedLines)
	flush := func() error {
		text, err := json.Marshal(lines)
		if err != nil {
			return err
		}
		part++
		lines = lines[:0]
		return n.keepPart(day, part, text)
	}
	var collected []report.BreakLine
	err := n.o.Store.View(func(tx *store.Tx) error {
		return n.eachBreak(tx, day, func(line report.BreakLine) error {
			collected = append(collected, line)
			return nil
		})
	})
	if err != nil {
		return err
	}
	for _, line := range collected {
		if lines = append(lines, line); len(lines) == sealedLines {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return n.keepReport(day, r, part)
}

// keepReport keeps the report itself, behind which so many parts of lines stand; more of them are
// of a night that was interrupted.
func (n *Night) keepReport(day ledger.Day, r report.Report, parts uint32) error {
	var text bytes.Buffer
	if err := report.JSON(&text, r); err != nil {
		return err
	}
	if err := n.keepPart(day, 0, text.Bytes()); err != nil {
		return err
	}
	return n.o.Store.Update(func(tx *store.Tx) error { return tx.CutSealed(day, parts+1) })
}

func (n *Night) keepPart(day ledger.Day, part uint32, text []byte) error {
	packed, err := zip(text)
	if err != nil {
		return err
	}
	return n.o.Store.Update(func(tx *store.Tx) error { return tx.SetSealed(day, part, packed) })
}

func zip(text []byte) ([]byte, error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(text)
	err = errors.Join(err, w.Close())
	return packed.Bytes(), err
}

func unzip(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("sealed content: %w", err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("sealed content: %w", err)
	}
	return text, nil
}
