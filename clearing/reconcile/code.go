package reconcile

import (
	"encoding/binary"
	"errors"
	"math"

	"clearingd/ledger"
	"clearingd/provinces"
)

// ErrRun: what was read back from a run is not what was written into it.
var ErrRun = errors.New("reconcile: a run of the sorter is damaged")

// The compact form of an item in a run of the sorter. It lives as long as one match and
// is never stored, so it has no version; two items are equal exactly if their bytes are.

// appendItem adds the item's bytes to b.
func appendItem(b []byte, i *Item) []byte {
	b = binary.AppendUvarint(b, i.Number)
	for _, text := range [...]string{string(i.Party.Kind), string(i.Party.Province), i.Party.Provider, i.Statement} {
		b = appendText(b, text)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(i.Line)) // before the rest: of equal rows the first line stands first
	for _, text := range [...]string{i.SettlementID, i.Person, i.Provider, i.VisitID, string(i.Home), string(i.Treatment), i.Insutype} {
		b = appendText(b, text)
	}
	var flags byte
	if i.Refund {
		flags |= 1
	}
	if i.Amounts.Cash != nil {
		flags |= 2
	}
	if i.Silent {
		flags |= 4
	}
	b = append(b, flags)
	b = appendAmounts(b, &i.Amounts)
	b = binary.AppendVarint(b, int64(i.From))
	b = binary.AppendVarint(b, int64(i.To))
	b = binary.AppendVarint(b, int64(i.UndoneOn))
	b = binary.AppendVarint(b, int64(i.CorrectsOn))
	b = binary.AppendVarint(b, int64(i.VoidOn))
	b = binary.AppendUvarint(b, i.Corrects)
	return binary.AppendUvarint(b, i.UndoneBy)
}

func appendAmounts(b []byte, a *Amounts) []byte {
	b = binary.AppendVarint(b, int64(a.Total))
	b = binary.AppendVarint(b, int64(a.Funds))
	b = binary.AppendVarint(b, int64(a.Account))
	if a.Cash != nil {
		b = binary.AppendVarint(b, int64(*a.Cash))
	}
	b = binary.AppendUvarint(b, uint64(len(a.ByFund)))
	for _, f := range a.ByFund {
		b = binary.AppendVarint(appendText(b, string(f.Fund)), int64(f.Amount))
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// decoder takes an item apart. Its texts share the memory of the record, so an item costs
// one allocation, and a second one where it has amounts by fund or cash.
type decoder struct {
	text string
	bad  bool
}

func (d *decoder) uvarint() uint64 {
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		if len(d.text) == 0 {
			break
		}
		c := d.text[0]
		d.text = d.text[1:]
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	d.bad = true
	return 0
}

func (d *decoder) varint() int64 {
	n := d.uvarint()
	return int64(n>>1) ^ -int64(n&1)
}

func (d *decoder) amount() ledger.Amount { return ledger.Amount(d.varint()) }

func (d *decoder) day() ledger.Day {
	n := d.varint()
	d.bad = d.bad || n < math.MinInt32 || n > math.MaxInt32
	return ledger.Day(n)
}

func (d *decoder) string() string {
	n := d.uvarint()
	if n > uint64(len(d.text)) {
		d.bad = true
		return ""
	}
	s := d.text[:n]
	d.text = d.text[n:]
	return s
}

func (d *decoder) byte() byte {
	if len(d.text) == 0 {
		d.bad = true
		return 0
	}
	c := d.text[0]
	d.text = d.text[1:]
	return c
}

// item reads what appendItem wrote.
func (d *decoder) item(i *Item) error {
	i.Number = d.uvarint()
	i.Party = provinces.Party{Kind: provinces.PartyKind(d.string()), Province: ledger.Province(d.string()), Provider: d.string()}
	i.Statement = d.string()
	i.Line = int(uint32(d.byte())<<24 | uint32(d.byte())<<16 | uint32(d.byte())<<8 | uint32(d.byte()))
	i.SettlementID, i.Person, i.Provider, i.VisitID = d.string(), d.string(), d.string(), d.string()
	i.Home, i.Treatment, i.Insutype = ledger.Area(d.string()), ledger.Area(d.string()), d.string()
	flags := d.byte()
	i.Refund, i.Silent = flags&1 != 0, flags&4 != 0
	d.amounts(&i.Amounts, flags&2 != 0)
	i.From, i.To, i.UndoneOn, i.CorrectsOn, i.VoidOn = d.day(), d.day(), d.day(), d.day(), d.day()
	i.Corrects, i.UndoneBy = d.uvarint(), d.uvarint()
	if d.bad {
		return ErrRun
	}
	return nil
}

func (d *decoder) amounts(a *Amounts, cash bool) {
	*a = Amounts{Total: d.amount(), Funds: d.amount(), Account: d.amount()}
	if cash {
		c := d.amount()
		a.Cash = &c
	}
	n := d.uvarint()
	if n == 0 || n > uint64(len(d.text)) {
		d.bad = d.bad || n != 0
		return
	}
	a.ByFund = make([]provinces.FundAmount, n)
	for k := range a.ByFund {
		a.ByFund[k] = provinces.FundAmount{Fund: ledger.Fund(d.string()), Amount: d.amount()}
	}
}

// byNumber is the key of the first pass: eight bytes that sort as the number does.
func byNumber(number uint64) []byte { return binary.BigEndian.AppendUint64(nil, number) }
