package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// postgres keeps the books in three tables; a batch is three statements with arrays in
// one transaction, sent together.
type postgres struct{ connection *pgx.Conn }

const postgresTables = `
DROP TABLE IF EXISTS entries, postings, balances;
CREATE TABLE entries (number bigint PRIMARY KEY, day integer NOT NULL, corrects bigint NOT NULL);
CREATE TABLE postings (entry bigint NOT NULL, line integer NOT NULL, side smallint NOT NULL, home text NOT NULL, treatment text NOT NULL,
	provider text NOT NULL, fund text NOT NULL, stage smallint NOT NULL, fen bigint NOT NULL, PRIMARY KEY (entry, line));
CREATE TABLE balances (side smallint NOT NULL, home text NOT NULL, treatment text NOT NULL, provider text NOT NULL, fund text NOT NULL, stage smallint NOT NULL,
	debits bigint NOT NULL, credits bigint NOT NULL, count bigint NOT NULL,
	PRIMARY KEY (side, home, treatment, fund, stage, provider));`

const (
	insertEntries  = `INSERT INTO entries SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[])`
	insertPostings = `INSERT INTO postings SELECT * FROM unnest($1::bigint[], $2::integer[], $3::smallint[], $4::text[], $5::text[],
		$6::text[], $7::text[], $8::smallint[], $9::bigint[])`
	upsertBalances = `INSERT INTO balances SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::smallint[],
		$7::bigint[], $8::bigint[], $9::bigint[])
		ON CONFLICT (side, home, treatment, fund, stage, provider) DO UPDATE SET debits = balances.debits + excluded.debits,
		credits = balances.credits + excluded.credits, count = balances.count + excluded.count`
)

func openPostgres(ctx context.Context, address string) (peer, error) {
	connection, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, err
	}
	var commit, sync string
	err = errors.Join(
		connection.QueryRow(ctx, "SHOW synchronous_commit").Scan(&commit),
		connection.QueryRow(ctx, "SHOW fsync").Scan(&sync))
	if err == nil && (commit != "on" || sync != "on") {
		err = fmt.Errorf("synchronous_commit %s, fsync %s: commits would not be durable", commit, sync)
	}
	if err == nil {
		_, err = connection.Exec(ctx, postgresTables)
	}
	if err != nil {
		return nil, errors.Join(err, connection.Close(ctx))
	}
	return &postgres{connection}, nil
}

func (p *postgres) post(ctx context.Context, batch []posting) error {
	var numbers, corrects, entries, fen, debits, credits, counts []int64
	var days, lines []int32
	var sides, stages, ofSides, ofStages []int16
	var homes, treatments, providers, funds, ofHomes, ofTreatments, ofProviders, ofFunds []string
	for _, l := range batch {
		if l.line == 0 {
			numbers, days, corrects = append(numbers, l.entry), append(days, int32(l.day)), append(corrects, l.corrects)
		}
		entries, lines, fen = append(entries, l.entry), append(lines, int32(l.line)), append(fen, l.fen)
		sides, stages = append(sides, int16(l.side)), append(stages, int16(l.stage))
		homes, treatments = append(homes, l.home), append(treatments, l.treatment)
		providers, funds = append(providers, l.provider), append(funds, l.fund)
	}
	accounts, added := changes(batch)
	for _, a := range accounts {
		ofSides, ofStages = append(ofSides, int16(a.side)), append(ofStages, int16(a.stage))
		ofHomes, ofTreatments = append(ofHomes, a.home), append(ofTreatments, a.treatment)
		ofProviders, ofFunds = append(ofProviders, a.provider), append(ofFunds, a.fund)
		b := added[a]
		debits, credits, counts = append(debits, b.debits), append(credits, b.credits), append(counts, b.count)
	}
	var together pgx.Batch // one round trip, one transaction
	together.Queue("BEGIN")
	together.Queue(insertEntries, numbers, days, corrects)
	together.Queue(insertPostings, entries, lines, sides, homes, treatments, providers, funds, stages, fen)
	together.Queue(upsertBalances, ofSides, ofHomes, ofTreatments, ofProviders, ofFunds, ofStages, debits, credits, counts)
	together.Queue("COMMIT")
	return p.connection.SendBatch(ctx, &together).Close()
}

func (p *postgres) matrixOfBalances(ctx context.Context) ([]cell, error) {
	return p.cells(ctx, `SELECT left(home, 2), left(treatment, 2), sum(debits - credits)::bigint FROM balances WHERE side = 1 GROUP BY 1, 2`)
}

func (p *postgres) matrixOfPostings(ctx context.Context) ([]cell, error) {
	return p.cells(ctx, `SELECT left(home, 2), left(treatment, 2), sum(fen)::bigint FROM postings WHERE side = 1 GROUP BY 1, 2`)
}

func (p *postgres) cells(ctx context.Context, query string) (cells []cell, err error) {
	rows, err := p.connection.Query(ctx, query)
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

func (p *postgres) bytes(ctx context.Context) (size int64, err error) {
	err = p.connection.QueryRow(ctx, `SELECT pg_total_relation_size('entries') + pg_total_relation_size('postings') + pg_total_relation_size('balances')`).Scan(&size)
	return size, err
}

func (p *postgres) close() error { return p.connection.Close(context.Background()) }
