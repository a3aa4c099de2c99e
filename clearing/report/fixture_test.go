package report

import (
	"math/rand/v2"
	"slices"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

var sampleDay = ledger.NewDay(2026, 11, 23)

func sampleHead() Head {
	return Head{
		Title: Night, From: sampleDay, To: sampleDay, Revision: 1,
		Demo: "由种子 20161208 生成，非真实业务 · built from seed 20161208, not real business",
		Rules: Basis{
			Install: "clr-7f3a09", Zone: "Asia/Shanghai", CutOff: "24:00", Mode: "clock",
			PlanSet: "9c1185a5c5e9fc54612808977ee8f548b2258d31fcb8b4f1a5e0f1a9d6c1f7aa",
		},
	}
}

func sampleSeal() Seal {
	return Seal{MerkleSize: 123456, MerkleRoot: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", Previous: "3b7e72db8d6c1ff9f25c1b1c0e1a2b9f3b7e72db8d6c1ff9f25c1b1c0e1a2b9f"}
}

// bill makes a bill that closes: the patient's cash is the remainder.
func bill(entry uint64, home, treatment ledger.Area, total, pooled, account ledger.Amount) Bill {
	return Bill{
		Entry: entry, SettlementID: string(treatment) + "G" + leftPad(entry, 13), Day: sampleDay, Home: home, Treatment: treatment,
		Provider: "H" + string(treatment) + "00017", Outcome: provinces.Booked, Person: "p-8c1f02ab", Total: total,
		Funds:   []provinces.FundAmount{{Fund: "310100", Amount: pooled}},
		Account: account, Cash: total - pooled - account,
	}
}

func undo(entry uint64, b Bill) Bill {
	b.Corrects, b.Entry, b.Outcome = b.Entry, entry, provinces.Cancelled
	b.SettlementID = string(b.Treatment) + "G" + leftPad(entry, 13)
	b.Total, b.Account, b.Cash, b.HospitalPart = -b.Total, -b.Account, -b.Cash, -b.HospitalPart
	b.Funds = slices.Clone(b.Funds)
	for i := range b.Funds {
		b.Funds[i].Amount = -b.Funds[i].Amount
	}
	return b
}

func leftPad(n uint64, width int) string {
	digits := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return string(digits)
}

// busyDay is a seeded day on which bills ran between the first `count` provinces, some
// within one, with refusals, repeats and cancellations.
func busyDay(t testing.TB, count, bills int) Report {
	t.Helper()
	b := NewBuilder(sampleHead())
	feedBusyDay(t, b, count, bills)
	return finish(t, b)
}

func feedBusyDay(t testing.TB, b *Builder, count, bills int) []Bill {
	t.Helper()
	rng := rand.New(rand.NewPCG(20161208, uint64(count)))
	codes := provinces.Provinces()[:count]
	counts := map[ledger.Province]uint64{}
	number := uint64(1000)
	say := func(stream ledger.Province, o provinces.Outcome, code provinces.Code) {
		counts[stream]++
		b.AddMessage(stream, number, o, code)
	}
	book := accountBook{}
	var fed []Bill
	for range bills {
		number++
		h, tr := codes[rng.IntN(count)], codes[min(rng.IntN(count), rng.IntN(count))]
		switch rng.IntN(20) {
		case 0:
			say(tr, provinces.Refused, claimCodes[rng.IntN(len(claimCodes))])
			continue
		case 1:
			say(tr, provinces.Repeated, 0)
			continue
		}
		home, treatment := ledger.Area(h)+"0100", ledger.Area(tr)+"0100"
		if h == tr {
			home = ledger.Area(h) + "0200"
		}
		one := bill(number, home, treatment, 0, ledger.Amount(200_000+rng.Int64N(2_500_000)), 0)
		if rng.IntN(3) == 0 {
			one.Funds = append(one.Funds, provinces.FundAmount{Fund: "330100", Amount: ledger.Amount(rng.Int64N(900_000))})
			one.Account = ledger.Amount(rng.Int64N(200_000))
		}
		if rng.IntN(4) == 0 {
			one.Funds = []provinces.FundAmount{{Fund: "390100", Amount: one.Funds[0].Amount}, {Fund: "390200", Amount: ledger.Amount(rng.Int64N(400_000))}}
			one.Warnings = []benefit.Warning{benefit.WarnDeclared, benefit.WarnUnverified}
		}
		one.Cash = ledger.Amount(rng.Int64N(1_500_000))
		one.Total = one.fundTotal() + one.Account + one.Cash
		say(tr, provinces.Booked, 0)
		fed = append(fed, one)
		if rng.IntN(40) == 0 {
			number++
			say(tr, provinces.Cancelled, 0)
			fed = append(fed, undo(number, one))
		}
	}
	for _, one := range fed {
		if err := b.AddBill(one); err != nil {
			t.Fatal(err)
		}
		book.add(one)
	}
	for _, p := range provinces.Provinces() {
		first := uint64(0)
		if counts[p] > 0 {
			first = 5001
		}
		if err := b.AddStream(p, first, max(first, first+counts[p])-min(1, first)); err != nil {
			t.Fatal(err)
		}
	}
	book.feed(t, b)
	return fed
}

// accountBook keeps balances as the ledger would.
type accountBook map[ledger.Account]*ledger.Balance

func (k accountBook) add(b Bill) {
	for _, f := range append(slices.Clone(b.Funds), provinces.FundAmount{Fund: ledger.FundAccount, Amount: b.Account}) {
		if f.Amount != 0 {
			for _, p := range postings(b, f) {
				if k[p.Account] == nil {
					k[p.Account] = &ledger.Balance{}
				}
				if err := k[p.Account].Post(p.Amount); err != nil {
					panic(err)
				}
			}
		}
	}
}

func postings(b Bill, f provinces.FundAmount) []ledger.Posting {
	receivable := ledger.Account{Side: ledger.Receivable, Home: b.Home, Treatment: b.Treatment, Fund: f.Fund, Stage: ledger.Accrued}
	payable := receivable
	payable.Side, payable.Provider = ledger.Payable, b.Provider
	return []ledger.Posting{{Account: receivable, Amount: f.Amount}, {Account: payable, Amount: -f.Amount}}
}

func (k accountBook) feed(t testing.TB, b *Builder) {
	t.Helper()
	for account, balance := range k {
		if err := b.AddBalance(account, *balance); err != nil {
			t.Fatal(err)
		}
	}
}

func finish(t testing.TB, b *Builder) Report {
	t.Helper()
	r, err := b.Finish(sampleSeal())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// zeroDay is a day on which nothing came: every stream says so.
func zeroDay(t testing.TB) Report {
	t.Helper()
	b := NewBuilder(sampleHead())
	for _, p := range provinces.Provinces() {
		if err := b.AddStream(p, 0, 0); err != nil {
			t.Fatal(err)
		}
	}
	return finish(t, b)
}

// onePair is the smallest day with business: one Urumqi retiree treated in Hangzhou.
func onePair(t testing.TB) Report {
	t.Helper()
	b := NewBuilder(sampleHead())
	one := bill(7, "650100", "330100", 2_110_738, 1_500_038, 10_000)
	if err := b.AddStream("33", 12, 12); err != nil {
		t.Fatal(err)
	}
	b.AddMessage("33", 7, provinces.Booked, 0)
	if err := b.AddBill(one); err != nil {
		t.Fatal(err)
	}
	book := accountBook{}
	book.add(one)
	book.feed(t, b)
	return finish(t, b)
}

// claimCodes are the codes a claim can be refused with; those from 6000 on are of statements,
// acts and ours.
var claimCodes = slices.DeleteFunc(provinces.Codes(), func(c provinces.Code) bool { return c >= 6000 })
