// Command peers posts the entries of a file to another data base, durably, in batches,
// with running balances, and reads the matrix of who owes whom back: the work that our
// ledger does in bench/peers.go, done by SQLite or PostgreSQL.
//
//	peers sqlite|postgres ENTRIES TARGET BATCH
//
// ENTRIES has one posting a line: entry, day, corrected entry, line, side, home,
// treatment, provider, fund, stage, fen. TARGET is a new file, or the address of a scratch
// PostgreSQL, whose tables are made anew. The result is one JSON object on standard
// output. It is a module of its own so that the daemon depends on neither.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// posting is one line of the file.
type posting struct {
	entry, day, corrects, line, side int64
	home, treatment, provider, fund  string
	stage, fen                       int64
}

// account is the key of a balance.
type account struct {
	side                            int64
	home, treatment, provider, fund string
	stage                           int64
}

func (p posting) account() account {
	return account{p.side, p.home, p.treatment, p.provider, p.fund, p.stage}
}

// balance is what a batch adds to an account.
type balance struct{ debits, credits, count int64 }

// peer is a data base that keeps the books. post stores a batch of whole entries and
// returns when it is on disk.
type peer interface {
	post(ctx context.Context, batch []posting) error
	matrixOfBalances(ctx context.Context) ([]cell, error)
	matrixOfPostings(ctx context.Context) ([]cell, error)
	bytes(ctx context.Context) (int64, error)
	close() error
}

// cell is what one province owes another.
type cell struct {
	home, treatment string
	fen             int64
}

// result is what is printed; its fields are read by bench.
type result struct {
	Entries               int
	Seconds, Matrix, Scan float64
	Digest                string
	Bytes                 int64
}

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	if len(args) != 4 {
		return errors.New("usage: peers sqlite|postgres ENTRIES TARGET BATCH")
	}
	size, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	postings, err := read(args[1])
	if err != nil {
		return err
	}
	open := map[string]func(context.Context, string) (peer, error){"sqlite": openSQLite, "postgres": openPostgres}[args[0]]
	if open == nil {
		return fmt.Errorf("no peer %q", args[0])
	}
	p, err := open(ctx, args[2])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	r, err := work(ctx, p, batches(postings, size))
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

func work(ctx context.Context, p peer, batches [][]posting) (r result, err error) {
	began := time.Now()
	for _, batch := range batches {
		if err := p.post(ctx, batch); err != nil {
			return r, err
		}
		r.Entries = int(batch[len(batch)-1].entry)
	}
	r.Seconds, began = time.Since(began).Seconds(), time.Now()
	balances, err := p.matrixOfBalances(ctx)
	if err != nil {
		return r, err
	}
	r.Matrix, began = time.Since(began).Seconds(), time.Now()
	postings, err := p.matrixOfPostings(ctx)
	if err != nil {
		return r, err
	}
	r.Scan = time.Since(began).Seconds()
	if r.Digest = digest(balances); r.Digest != digest(postings) {
		return r, errors.New("balances and postings give two matrices")
	}
	r.Bytes, err = p.bytes(ctx)
	return r, err
}

func read(path string) (postings []posting, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		f := strings.Split(lines.Text(), ",")
		if len(f) != 11 {
			return nil, fmt.Errorf("%s: a line of %d fields", path, len(f))
		}
		var numbers [7]int64
		for i, at := range []int{0, 1, 2, 3, 4, 9, 10} {
			if numbers[i], err = strconv.ParseInt(f[at], 10, 64); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
		postings = append(postings, posting{
			numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], f[5], f[6], f[7], f[8], numbers[5], numbers[6],
		})
	}
	return postings, lines.Err()
}

// batches cuts postings into so many entries each; an entry stays whole.
func batches(postings []posting, entries int) (all [][]posting) {
	start := 0
	for i := range postings {
		if postings[i].entry > postings[start].entry+int64(entries)-1 {
			all = append(all, postings[start:i])
			start = i
		}
	}
	if start < len(postings) {
		all = append(all, postings[start:])
	}
	return all
}

// changes are what a batch adds to the balances, one for each account, as a careful
// client would do it.
func changes(batch []posting) (accounts []account, added map[account]balance) {
	added = make(map[account]balance)
	for _, p := range batch {
		b, ok := added[p.account()]
		if !ok {
			accounts = append(accounts, p.account())
		}
		if p.fen >= 0 {
			b.debits += p.fen
		} else {
			b.credits -= p.fen
		}
		b.count++
		added[p.account()] = b
	}
	return accounts, added
}

// digest is that of bench/peers.go: lines "home treatment fen", sorted.
func digest(cells []cell) string {
	lines := make([]string, 0, len(cells))
	for _, c := range cells {
		if c.fen != 0 {
			lines = append(lines, fmt.Sprintf("%s %s %d\n", c.home, c.treatment, c.fen))
		}
	}
	slices.Sort(lines)
	sum := sha256.New()
	for _, line := range lines {
		sum.Write([]byte(line))
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}
