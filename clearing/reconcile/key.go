package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

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

// keyBytesMax is the longest key of a break: a statement's row may name itself by its
// line, whose text comes from outside.
const keyBytesMax = 200

// ValidKey reports whether key begins as a break's does and holds nothing that a reader
// could not see.
func ValidKey(key string) bool {
	kind, rest, found := strings.Cut(key, "/")
	return found && rest != "" && len(key) <= keyBytesMax && utf8.ValidString(key) &&
		slices.Contains([]string{"bill", "row", "totals", "serial", "statement", "accepted"}, kind) &&
		!strings.ContainsFunc(rest, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) })
}

// BillKey is the key of a break about a bill.
func BillKey(number uint64) string { return fmt.Sprintf("bill/%d", number) }

// AcceptedPrefix begins the keys of breaks about differences that were accepted and are not
// stated any more.
const AcceptedPrefix = "accepted/"

// AcceptedKey is the key of such a break about a bill.
func AcceptedKey(number uint64) string { return fmt.Sprintf("%s%d", AcceptedPrefix, number) }

// AcceptedBill is the bill that AcceptedKey names; 0 if the key is another's.
func AcceptedBill(key string) uint64 {
	digits, ok := strings.CutPrefix(key, AcceptedPrefix)
	number, err := strconv.ParseUint(digits, 10, 64)
	if !ok || err != nil {
		return 0
	}
	return number
}

// TotalsKey is the key of a break about a line of totals.
func TotalsKey(party provinces.Party, day ledger.Day, dimensions string) string {
	return fmt.Sprintf("totals/%s/%s/%s", party.Key(), day, dimensions)
}

// SerialKey is the key of a break about numbers of statements.
func SerialKey(party provinces.Party, from, to uint64) string {
	return fmt.Sprintf("serial/%s/%d-%d", party.Key(), from, to)
}
