package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	_ "github.com/mattn/go-sqlite3" // the driver
)

// sqlite keeps the books in one file, with a write-ahead log that is synced at every
// commit.
type sqlite struct {
	db   *sql.DB
	path string

	entry, posting, balance string
}

const sqliteTables = `
CREATE TABLE entries (number INTEGER PRIMARY KEY, day INTEGER NOT NULL, corrects INTEGER NOT NULL);
CREATE TABLE postings (entry INTEGER NOT NULL, line INTEGER NOT NULL, side INTEGER NOT NULL, home TEXT NOT NULL, treatment TEXT NOT NULL,
	provider TEXT NOT NULL, fund TEXT NOT NULL, stage INTEGER NOT NULL, fen INTEGER NOT NULL, PRIMARY KEY (entry, line)) WITHOUT ROWID;
CREATE TABLE balances (side INTEGER NOT NULL, home TEXT NOT NULL, treatment TEXT NOT NULL, provider TEXT NOT NULL, fund TEXT NOT NULL, stage INTEGER NOT NULL,
	debits INTEGER NOT NULL, credits INTEGER NOT NULL, count INTEGER NOT NULL,
	PRIMARY KEY (side, home, treatment, fund, stage, provider)) WITHOUT ROWID;`

func openSQLite(ctx context.Context, path string) (peer, error) {
	db, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	var mode string
	var sync int
	err = errors.Join(
		db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode),
		db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&sync))
	if err == nil && (mode != "wal" || sync != 2) {
		err = fmt.Errorf("journal %s, synchronous %d: commits would not be durable", mode, sync)
	}
	if err == nil {
		_, err = db.ExecContext(ctx, sqliteTables)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &sqlite{
		db: db, path: path,
		entry:   "INSERT INTO entries VALUES (?, ?, ?)",
		posting: "INSERT INTO postings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		balance: `INSERT INTO balances VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
			debits = debits + excluded.debits, credits = credits + excluded.credits, count = count + excluded.count`,
	}, nil
}

func (s *sqlite) post(ctx context.Context, batch []posting) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := s.write(ctx, tx, batch); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (s *sqlite) write(ctx context.Context, tx *sql.Tx, batch []posting) error {
	var statements [3]*sql.Stmt
	for i, text := range []string{s.entry, s.posting, s.balance} {
		statement, err := tx.PrepareContext(ctx, text)
		if err != nil {
			return err
		}
		defer statement.Close()
		statements[i] = statement
	}
	for _, p := range batch {
		if p.line == 0 {
			if _, err := statements[0].ExecContext(ctx, p.entry, p.day, p.corrects); err != nil {
				return err
			}
		}
		_, err := statements[1].ExecContext(ctx, p.entry, p.line, p.side, p.home, p.treatment, p.provider, p.fund, p.stage, p.fen)
		if err != nil {
			return err
		}
	}
	accounts, added := changes(batch)
	for _, a := range accounts {
		b := added[a]
		_, err := statements[2].ExecContext(ctx, a.side, a.home, a.treatment, a.provider, a.fund, a.stage, b.debits, b.credits, b.count)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sqlite) matrixOfBalances(ctx context.Context) ([]cell, error) {
	return s.cells(ctx, `SELECT substr(home, 1, 2), substr(treatment, 1, 2), sum(debits - credits) FROM balances WHERE side = 1 GROUP BY 1, 2`)
}

func (s *sqlite) matrixOfPostings(ctx context.Context) ([]cell, error) {
	return s.cells(ctx, `SELECT substr(home, 1, 2), substr(treatment, 1, 2), sum(fen) FROM postings WHERE side = 1 GROUP BY 1, 2`)
}

func (s *sqlite) cells(ctx context.Context, query string) (cells []cell, err error) {
	rows, err := s.db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c cell
		if err := rows.Scan(&c.home, &c.treatment, &c.fen); err != nil {
			return nil, err
		}
		cells = append(cells, c)
	}
	return cells, rows.Err()
}

func (s *sqlite) bytes(context.Context) (size int64, err error) {
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(s.path + suffix)
		if err != nil {
			return 0, err
		}
		size += info.Size()
	}
	return size, nil
}

func (s *sqlite) close() error { return s.db.Close() }
