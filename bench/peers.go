package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"clearingd/bench/measure"
	"clearingd/ledger"
	"clearingd/ledger/boltstore"
)

// peerResult is what a peer prints, and what ours gives: see bench/peers.
type peerResult struct {
	Entries int
	Seconds float64 // posting all entries
	Matrix  float64 // seconds to read the matrix from the running balances
	Scan    float64 // seconds to add it up from the postings
	Digest  string  // SHA-256 of the matrix, the same for everybody
	Bytes   int64   // on disk afterwards
}

// comparePeers posts the same entries to our ledger, SQLite and PostgreSQL.
func (b *bench) comparePeers(ctx context.Context) (string, error) {
	entries, file, err := b.entries(ctx)
	if err != nil {
		return "", err
	}
	type contender struct {
		name string
		post func() (peerResult, error)
		runs []peerResult
	}
	contenders := []*contender{{name: "our ledger (bbolt, with Merkle tree)", post: func() (peerResult, error) { return b.postOurs(entries) }}}
	left := ""
	if b.peers != "" {
		contenders = append(contenders, &contender{name: "SQLite (WAL, synchronous=FULL)", post: func() (peerResult, error) {
			dir, err := b.scratch()
			if err != nil {
				return peerResult{}, err
			}
			return b.postPeer(ctx, "sqlite", file, filepath.Join(dir, "peer.db"))
		}})
	} else {
		left += "\nSQLite was left out: its program needs a C compiler, or was not built.\n"
	}
	if b.peers != "" && b.postgres != "" {
		contenders = append(contenders, &contender{name: "PostgreSQL (synchronous_commit=on)", post: func() (peerResult, error) {
			return b.postPeer(ctx, "postgres", file, b.postgres)
		}})
	} else {
		left += "\nPostgreSQL was left out: none is installed here, or it did not start.\n"
	}
	for round := range b.Rounds {
		for _, c := range contenders {
			progress("peers: round %d, %s", round+1, c.name)
			r, err := c.post()
			if err != nil {
				return "", fmt.Errorf("%s: %w", c.name, err)
			}
			if c.runs = append(c.runs, r); r.Digest != contenders[0].runs[0].Digest || r.Entries != len(entries) {
				return "", fmt.Errorf("%s has another matrix (%d entries, %s) than ours", c.name, r.Entries, r.Digest)
			}
		}
	}
	series := func(runs []peerResult, of func(peerResult) float64) (s measure.Series) {
		for _, r := range runs {
			s = append(s, of(r))
		}
		return s
	}
	table := measure.NewTable("", "entries/s", "ours / theirs", "matrix from balances", "matrix from postings", "on disk")
	rate := func(r peerResult) float64 { return float64(r.Entries) / r.Seconds }
	ours := series(contenders[0].runs, rate)
	for _, c := range contenders {
		rates := series(c.runs, rate)
		ratio := ""
		if c != contenders[0] {
			ratio = "**" + ours.Over(rates).Format("%.2f") + "**"
		}
		table.Row(c.name, measure.Grouped(rates.Median()), ratio,
			measure.Millis(series(c.runs, func(r peerResult) float64 { return r.Matrix }).Median()),
			measure.Millis(series(c.runs, func(r peerResult) float64 { return r.Scan }).Median()),
			measure.Mebibytes(series(c.runs, func(r peerResult) float64 { return float64(r.Bytes) }).Median()))
	}
	return fmt.Sprintf(peersText, measure.Grouped(float64(len(entries))), batchMax, table, left), nil
}

const peersText = `## Peers: the same entries elsewhere

%s balanced entries are posted durably, %d in a transaction, with running balances for every account, each in turn on the same disk; then the matrix of who owes whom is read, from the balances and from the postings.
All come to the same matrix, which is checked. The peers keep entries and postings as rows and balances by upsert, through prepared statements or arrays; ours keeps the Merkle tree on top, writes balances once in 16,384 entries and adds up the rest when they are read. Each runs with its defaults, but for what makes commits durable.

%s%s`

// entries are the balanced entries of a filled day, renumbered without gaps, and a file
// of them for the peers: a line a posting.
func (b *bench) entries(ctx context.Context) ([]ledger.Entry, string, error) {
	books, err := b.filledBooks(ctx, b.Peers)
	if err != nil {
		return nil, "", err
	}
	db, err := bbolt.Open(books, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		return nil, "", err
	}
	defer db.Close()
	var entries []ledger.Entry
	numbers := make(map[uint64]uint64) // of the books -> ours
	err = db.View(func(tx *bbolt.Tx) error {
		return boltstore.Scan(tx, 1, boltstore.Last(tx), func(r boltstore.Record) error {
			if e := r.Entry; len(e.Postings) > 0 {
				numbers[e.Number] = uint64(len(entries) + 1)
				e.Number, e.Corrects = uint64(len(entries)+1), numbers[e.Corrects]
				entries = append(entries, e)
			}
			return nil
		})
	})
	if err != nil {
		return nil, "", err
	}
	file := filepath.Join(filepath.Dir(books), "entries.csv")
	return entries, file, writeEntries(file, entries)
}

func writeEntries(path string, entries []ledger.Entry) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for _, e := range entries {
		for i, p := range e.Postings {
			a := p.Account
			fmt.Fprintf(w, "%d,%d,%d,%d,%d,%s,%s,%s,%s,%d,%d\n", e.Number, e.Day, e.Corrects, i,
				a.Side, a.Home, a.Treatment, a.Provider, a.Fund, a.Stage, p.Amount)
		}
	}
	return errors.Join(w.Flush(), f.Close())
}

func (b *bench) postPeer(ctx context.Context, name, file, target string) (r peerResult, err error) {
	command := exec.CommandContext(ctx, b.peers, name, file, target, fmt.Sprint(batchMax))
	command.Stderr = os.Stderr
	text, err := command.Output()
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}

// postOurs posts to our ledger in a file of its own.
func (b *bench) postOurs(entries []ledger.Entry) (r peerResult, err error) {
	dir, err := b.scratch()
	if err != nil {
		return r, err
	}
	path := filepath.Join(dir, "ledger.db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, InitialMmapSize: 8 << 30})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, db.Close(), os.RemoveAll(dir)) }()
	if err := db.Update(boltstore.Init); err != nil {
		return r, err
	}
	began := time.Now()
	for batch := range slices.Chunk(entries, batchMax) {
		if err := db.Update(func(tx *bbolt.Tx) error { return appendAll(tx, batch) }); err != nil {
			return r, err
		}
	}
	r.Entries, r.Seconds = len(entries), time.Since(began).Seconds()
	err = db.View(func(tx *bbolt.Tx) error {
		began := time.Now()
		balances, err := matrixOfBalances(tx)
		if err != nil {
			return err
		}
		r.Matrix, began = time.Since(began).Seconds(), time.Now()
		postings, err := matrixOfPostings(tx)
		if err != nil {
			return err
		}
		r.Scan = time.Since(began).Seconds()
		if r.Digest = digest(balances); r.Digest != digest(postings) {
			return errors.New("balances and postings give two matrices")
		}
		return nil
	})
	size, errSize := measure.DiskUsage(path)
	r.Bytes = int64(size)
	return r, errors.Join(err, errSize)
}

func appendAll(tx *bbolt.Tx, entries []ledger.Entry) error {
	w, err := boltstore.NewWriter(tx)
	if err != nil {
		return err
	}
	for i := range entries {
		if err := w.Append(&entries[i], nil); err != nil {
			return err
		}
	}
	return w.Flush()
}

// matrix is what each home province owes each treatment province, in fen.
type matrix map[[2]ledger.Province]ledger.Amount

func (m matrix) post(a ledger.Account, amount ledger.Amount) {
	if a.Side == ledger.Receivable {
		m[[2]ledger.Province{a.Home.Province(), a.Treatment.Province()}] += amount
	}
}

func matrixOfBalances(tx *bbolt.Tx) (matrix, error) {
	m := make(matrix)
	return m, boltstore.Balances(tx, func(a ledger.Account, b ledger.Balance) error {
		m.post(a, b.Net())
		return nil
	})
}

func matrixOfPostings(tx *bbolt.Tx) (matrix, error) {
	m := make(matrix)
	return m, boltstore.Scan(tx, 1, boltstore.Last(tx), func(r boltstore.Record) error {
		for _, p := range r.Entry.Postings {
			m.post(p.Account, p.Amount)
		}
		return nil
	})
}

// digest is the SHA-256 of the matrix as text: a line "home treatment fen" for every
// pair that owes, sorted.
func digest(m matrix) string {
	lines := make([]string, 0, len(m))
	for pair, amount := range m {
		if amount != 0 {
			lines = append(lines, fmt.Sprintf("%s %s %d\n", pair[0], pair[1], int64(amount)))
		}
	}
	slices.Sort(lines)
	sum := sha256.New()
	for _, line := range lines {
		sum.Write([]byte(line))
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}
