package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"clearingd/ledger"
	"clearingd/provinces"
)

// RowKey names a row by what it says and not by where it stands, so a corrected
// statement that says it again means the same row: its settlement id, with ~r behind a
// refund, or, without an id, a digest of stay, person and amounts.
func RowKey(row *Item) string {
	if row.SettlementID != "" {
		if row.Refund {
			return row.SettlementID + "~r"
		}
		return row.SettlementID
	}
	content := *row
	content.Party, content.Statement, content.Line, content.From, content.To = provinces.Party{}, "", 0, 0, 0
	sum := sha256.Sum256(appendItem(nil, &content))
	return "~" + hex.EncodeToString(sum[:8])
}

// BillKey is the key of a break about a bill.
func BillKey(number uint64) string { return fmt.Sprintf("bill/%d", number) }

// TotalsKey is the key of a break about a line of totals.
func TotalsKey(party provinces.Party, day ledger.Day, dimensions string) string {
	return fmt.Sprintf("totals/%s/%s/%s", party.Key(), day, dimensions)
}

// SerialKey is the key of a break about numbers of statements.
func SerialKey(party provinces.Party, from, to uint64) string {
	return fmt.Sprintf("serial/%s/%d-%d", party.Key(), from, to)
}
