package evening_test

import (
	"crypto/sha256"
	"errors"
	"testing"

	"clearingd/clearing"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// TestAStrangerOnTwoDays: the hospital has a row that the books do not know in its statements of
// Monday and of Tuesday. On whichever evening, both are told, and each goes by itself.
func TestAStrangerOnTwoDays(t *testing.T) {
	for name, between := range map[string]bool{"on one evening": false, "one after the other": true} {
		t.Run(name, func(t *testing.T) {
			b := newBooks(t)
			stranger := row(b.bill("one", 3_000))
			stranger.SettlementID, stranger.VisitID, stranger.PersonNo = "330100X0000000000099", "v-x", "6531x"
			b.bill("two", 4_000)
			for i := range 2 {
				day := monday + ledger.Day(i)
				b.state(theHospital, day, stranger)
				b.close(day)
				if between {
					b.match(day)
				}
			}
			b.match(monday + 1)
			missing := []string{"bill/1 MISS_HOSP hospital -1200.00 open", "bill/2 MISS_HOSP hospital -1800.00 open"}
			first, second := "row/provider.33.H33010000001/330100X0000000000099 SURPLUS hospital 1200.00 ", "row/provider.33.H33010000001/330100X0000000000099@2026-03-03 SURPLUS hospital 1200.00 "
			b.demand(append(missing, first+"open", second+"open")...)
			b.state(theHospital, monday)
			b.match(monday + 1)
			b.demand(append(missing, first+"gone", second+"open")...)
			b.state(theHospital, monday+1, stranger) // as it was
			b.match(monday + 1)
			b.demand(append(missing, first+"gone", second+"open")...)
		})
	}
}

// TestAStrayThatNobodyKnowsStays: the hospital's statement of Tuesday takes back the 2601 of
// Monday's bill, which is no bill. The row lies beside Monday; that Tuesday is matched again
// does not make it go.
func TestAStrayThatNobodyKnowsStays(t *testing.T) {
	b := newBooks(t)
	one := b.bill("one", 3_000)
	b.reverse(one)
	b.close(monday)
	b.match(monday)
	b.bill("two", 4_000)
	back := row(one)
	back.SettlementID, back.Refund = "330100G0000000000002", true
	back.Total, back.Funds = -back.Total, -back.Funds
	b.state(theHospital, monday+1, back)
	b.state(theTreatment, monday+1)
	b.close(monday + 1)
	b.match(monday + 1)
	want := []string{"bill/3 MISS_HOSP hospital -1800.00 open", "row/provider.33.H33010000001/330100G0000000000002~r REV_ORPHAN hospital -1200.00 open"}
	b.demand(want...)
	b.state(theTreatment, monday+1)
	b.match(monday + 1)
	b.demand(want...)
}

// TestANumberThatComesAgainAndAgain: three contents under one number are one break.
func TestANumberThatComesAgainAndAgain(t *testing.T) {
	b := newBooks(t)
	b.bill("one", 3_000)
	reuse := func(id string) {
		b.stated++
		b.update(func(tx *store.Tx) error {
			err := tx.DecideStatement(&clearing.StatementRecord{
				Party: theHospital, ID: id, First: b.stated, Head: b.stated, Number: b.stated, Outcome: provinces.StatementRefused, Code: provinces.CodeStatementReuse,
				Statement: provinces.Statement{Party: theHospital, ID: id, Serial: 1, From: monday, To: monday}, HeadDigest: sha256.Sum256([]byte(id)),
			})
			return errors.Join(err, tx.AdvanceStatements(b.stated))
		})
	}
	reuse("second")
	reuse("third")
	b.close(monday)
	b.match(monday)
	b.demand("serial/provider.33.H33010000001/1-1 SEQ_REUSE hospital 0.00 open")
	reuse("fourth")
	b.close(monday + 1)
	b.match(monday + 1)
	b.demand("serial/provider.33.H33010000001/1-1 SEQ_REUSE hospital 0.00 open")
}
