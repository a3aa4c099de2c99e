package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/fxamacker/cbor/v2"

	"clearingd/bench/measure"
	"clearingd/bench/workload"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/reconcile/spill"
	"clearingd/ledger"
	"clearingd/provinces"
)

// matchSizes are the rows a side of the days that are matched.
var matchSizes = []int{100_000, 1_000_000}

// match measures the match of a day of three sides beside reading and sorting the same
// rows alone.
func (b *bench) match(ctx context.Context) (string, error) {
	table := measure.NewTable("rows a side", "three files", "read and sort", "read, sort and match", "match / sort", "memory of sorting", "memory of matching")
	for _, count := range matchSizes {
		progress("match: %d rows a side", count)
		dir, err := b.scratch()
		if err != nil {
			return "", err
		}
		if err := writeSides(dir, count); err != nil {
			return "", err
		}
		row, err := b.matchRow(ctx, dir, count)
		if err != nil {
			return "", err
		}
		table.Row(row...)
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf(matchText, table), nil
}

const matchText = `## The match

A day's rows of a hospital side, the treatment provinces and the home provinces lie in three files, in an order of their own, and the books' bills in a fourth, by number. A process reads the
three, sorts them through files in bounded memory and reads them in order; another does the same and matches them with the books. One row in a hundred differs, one in five hundred is
missing, one in a hundred has an id of its own. Memory is what the process owns itself.

%s
`

func (b *bench) matchRow(ctx context.Context, dir string, count int) ([]string, error) {
	seconds, memory := map[string]measure.Series{}, map[string]measure.Series{}
	for range b.Rounds {
		for _, name := range []string{"sort", "match"} {
			r, err := b.runChild(ctx, name, filepath.Join(dir, "books"), false, workload.Day, workload.Day)
			if err != nil {
				return nil, err
			}
			if r.Records != uint64(count) {
				return nil, fmt.Errorf("%s: %d bills or rows of %d", name, r.Records, count)
			}
			seconds[name], memory[name] = append(seconds[name], r.Seconds), append(memory[name], float64(r.Peak))
		}
	}
	var bytes uint64
	for _, s := range reconcile.Sides {
		size, err := measure.DiskUsage(filepath.Join(dir, s.String()))
		if err != nil {
			return nil, err
		}
		bytes += size
	}
	return []string{
		measure.Grouped(float64(count)), measure.Mebibytes(float64(bytes)),
		fmt.Sprintf("%.2f s", seconds["sort"].Median()), fmt.Sprintf("%.2f s", seconds["match"].Median()),
		"**" + seconds["match"].Over(seconds["sort"]).Format("%.2f") + "**",
		measure.Mebibytes(memory["sort"].Median()), measure.Mebibytes(memory["match"].Median()),
	}, nil
}

// sideBill is the n-th bill of the day, from 1.
func sideBill(n uint64) reconcile.Item {
	funds := ledger.Amount(5_000_00 + n*7_919%4_000_000)
	cash := funds / 5
	return reconcile.Item{
		Number: n, SettlementID: fmt.Sprintf("330100G%013d", n), Person: fmt.Sprintf("p-%016d", n), Provider: fmt.Sprintf("H330100%05d", n%400),
		VisitID: fmt.Sprintf("33010020261103%08d", n), Home: ledger.Area(fmt.Sprintf("%02d0100", 50+n%5)), Treatment: "330100", Insutype: "310",
		Amounts: reconcile.Amounts{Total: funds + cash, Funds: funds, Cash: &cash, ByFund: []provinces.FundAmount{
			{Fund: provinces.FundEmployee, Amount: funds - 1_000_00}, {Fund: provinces.FundLargeAmount, Amount: 1_000_00},
		}}, From: workload.Day, To: workload.Day,
	}
}

// writeSides writes the day's files: the books by number, the sides in an order that visits
// every number once and stays nowhere.
func writeSides(dir string, count int) error {
	const stride = 786_433 // a prime that divides no size in use
	err := writeItems(filepath.Join(dir, "books"), count, func(k int) (reconcile.Item, bool) { return sideBill(uint64(k) + 1), true })
	for _, s := range reconcile.Sides {
		err = errors.Join(err, writeItems(filepath.Join(dir, s.String()), count, func(k int) (reconcile.Item, bool) {
			n := uint64(k*stride%count) + 1
			i := sideBill(n)
			i.Party, i.Statement, i.Line = i.PartyOn(s), "S-20261103", k+1
			switch n % 500 {
			case 0:
				return i, false
			case 1, 101, 201, 301, 401:
				i.Amounts.Funds++
				i.Amounts.ByFund = nil
			case 2, 102, 202, 302, 402:
				i.Number, i.SettlementID = 0, "OWN-"+i.SettlementID
			}
			return i, true
		}))
	}
	return err
}

func writeItems(path string, count int, item func(k int) (reconcile.Item, bool)) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	encoder := cbor.NewEncoder(w)
	for k := range count {
		if i, ok := item(k); ok {
			err = errors.Join(err, encoder.Encode(i))
		}
	}
	return errors.Join(err, w.Flush(), f.Close())
}

// itemFile reads a file of items, one by one.
type itemFile struct {
	file    *os.File
	decoder *cbor.Decoder
}

func openItems(path string) (*itemFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &itemFile{f, cbor.NewDecoder(bufio.NewReaderSize(f, 1<<20))}, nil
}

// Next reads an item as the match asks for it.
func (f *itemFile) Next(i *reconcile.Item) (bool, error) {
	*i = reconcile.Item{}
	err := f.decoder.Decode(i)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

// sortedSide reads a side's rows and sorts them through files beside them.
func sortedSide(dir string, s reconcile.Side) (reconcile.Stream, *reconcile.Sorter, error) {
	f, err := openItems(filepath.Join(dir, s.String()))
	if err != nil {
		return nil, nil, err
	}
	defer f.file.Close()
	sorter := reconcile.NewSorter(spill.Dir(dir))
	var i reconcile.Item
	for {
		more, err := f.Next(&i)
		if err != nil {
			return nil, nil, errors.Join(err, sorter.Close())
		}
		if !more {
			break
		}
		if err := sorter.Add(&i); err != nil {
			return nil, nil, errors.Join(err, sorter.Close())
		}
	}
	stream, err := sorter.Sorted()
	return stream, sorter, err
}

// sortSides reads and sorts the three sides, and counts the rows, missing ones included.
func sortSides(_ context.Context, books, _ string, _, _ ledger.Day) (rows uint64, err error) {
	for _, s := range reconcile.Sides {
		stream, sorter, err := sortedSide(filepath.Dir(books), s)
		if err != nil {
			return 0, err
		}
		var i reconcile.Item
		for rows = 0; err == nil; rows++ {
			var more bool
			if more, err = stream.Next(&i); !more {
				break
			}
		}
		if err := errors.Join(err, sorter.Close()); err != nil {
			return 0, err
		}
	}
	return rows + rows/499, nil // one in five hundred was left out
}

// matchSides reads, sorts and matches, and counts the bills.
func matchSides(_ context.Context, books, _ string, _, _ ledger.Day) (bills uint64, err error) {
	dir := filepath.Dir(books)
	bill, err := openItems(books)
	if err != nil {
		return 0, err
	}
	defer bill.file.Close()
	said := reconcile.Said{Asked: true, Complete: true, Rows: true, Refunds: true}
	in := reconcile.Inputs{Books: bill, Runs: spill.Dir(dir), Word: func(reconcile.Side, *reconcile.Item) reconcile.Said { return said }}
	for _, s := range reconcile.Sides {
		stream, sorter, err := sortedSide(dir, s)
		if err != nil {
			return 0, err
		}
		defer sorter.Close()
		in.Sides[s] = stream
	}
	sums := reconcile.NewDayBuilder(workload.Day, workload.Day)
	_, err = reconcile.Match(in, func(r *reconcile.Result) error {
		if r.Books != nil {
			bills++
		}
		return sums.Add(r)
	})
	return bills, err
}
