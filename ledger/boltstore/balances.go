package boltstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"go.etcd.io/bbolt"

	"clearingd/ledger"
)

// The balances bucket holds every account's balance as of some record, and which record
// that is. What came after is added up from the records by whoever reads: a few
// milliseconds. Accounts are hundreds of thousands and their keys lie anywhere, so to
// write them in every transaction would be most of what a transaction writes.

// CarryEvery is how many records lie behind the stored balances before they are brought
// forward.
const CarryEvery = 16_384

// carryEvery is CarryEvery but in tests.
var carryEvery uint64 = CarryEvery

// keyCarried holds the number of the record up to which balances are stored. It sorts before
// all accounts, which begin with their side.
var keyCarried = []byte{0}

func setCarried(balances *bbolt.Bucket, number uint64) error {
	value := numberKey(number)
	value = binary.BigEndian.AppendUint32(value, checksum(0, value))
	if err := balances.Put(keyCarried, value); err != nil {
		return fmt.Errorf("balances: %w", err)
	}
	return nil
}

// carried is the record up to which balances are stored. Books of before this was noted
// have all of them.
func carried(tx *bbolt.Tx) (uint64, error) {
	value := tx.Bucket(bucketBalances).Get(keyCarried)
	if value == nil {
		return Last(tx), nil
	}
	if len(value) != 12 || binary.BigEndian.Uint32(value[8:]) != checksum(0, value[:8]) {
		return 0, fmt.Errorf("where balances were brought forward: %w", ErrEncoding)
	}
	return binary.BigEndian.Uint64(value), nil
}

// carryForward brings the stored balances up to the newest record, if many lie behind.
func carryForward(tx *bbolt.Tx, last uint64) error {
	from, err := carried(tx)
	if err != nil || last-from < carryEvery {
		return err
	}
	balances := tx.Bucket(bucketBalances)
	moved, err := movements(tx, from+1, last)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(moved)) {
		balance, err := plus(balances.Get([]byte(key)), moved[key])
		if err != nil {
			return fmt.Errorf("balance %x: %w", key, err)
		}
		if err := balances.Put([]byte(key), encodeBalance(balance)); err != nil {
			return fmt.Errorf("balance: %w", err)
		}
	}
	return setCarried(balances, last)
}

// movements adds up the postings of the records from..to, by account key.
func movements(tx *bbolt.Tx, from, to uint64) (map[string]ledger.Balance, error) {
	byAccount := make(map[ledger.Account]ledger.Balance)
	err := Scan(tx, from, to, func(r Record) error {
		for _, p := range r.Entry.Postings {
			balance := byAccount[p.Account]
			if err := balance.Post(p.Amount); err != nil {
				return fmt.Errorf("entry %d: %s: %w", r.Number, p.Account, err)
			}
			byAccount[p.Account] = balance
		}
		return nil
	})
	byKey := make(map[string]ledger.Balance, len(byAccount))
	for account, balance := range byAccount {
		byKey[string(accountKey(account))] = balance
	}
	return byKey, err
}

// plus adds movements to a stored balance; nil is an account never used before.
func plus(stored []byte, moved ledger.Balance) (sum ledger.Balance, err error) {
	if stored == nil {
		return moved, nil
	}
	if sum, err = decodeBalance(stored); err != nil {
		return sum, err
	}
	if sum.Debits, err = sum.Debits.Add(moved.Debits); err != nil {
		return sum, err
	}
	sum.Credits, err = sum.Credits.Add(moved.Credits)
	sum.Count += moved.Count
	return sum, err
}

// Balance is the state of one account after the newest record; the zero Balance if it was
// never used.
func Balance(tx *bbolt.Tx, account ledger.Account) (ledger.Balance, error) {
	from, err := carried(tx)
	if err != nil {
		return ledger.Balance{}, err
	}
	moved, err := movements(tx, from+1, Last(tx))
	if err != nil {
		return ledger.Balance{}, err
	}
	key := accountKey(account)
	return plus(tx.Bucket(bucketBalances).Get(key), moved[string(key)])
}

// Balances visits every account ever used, as it stands after the newest record, in key
// order: side, home, treatment, fund, stage, provider.
func Balances(tx *bbolt.Tx, visit func(ledger.Account, ledger.Balance) error) error {
	from, err := carried(tx)
	if err != nil {
		return err
	}
	moved, err := movements(tx, from+1, Last(tx))
	if err != nil {
		return err
	}
	show := func(key, stored []byte) error {
		account, err := parseAccountKey(key)
		if err != nil {
			return fmt.Errorf("balance %x: %w", key, err)
		}
		balance, err := plus(stored, moved[string(key)])
		if err != nil {
			return fmt.Errorf("balance of %s: %w", account, err)
		}
		return visit(account, balance)
	}
	fresh := slices.Sorted(maps.Keys(moved)) // those that are not stored come between the others
	err = tx.Bucket(bucketBalances).ForEach(func(key, stored []byte) error {
		if bytes.Equal(key, keyCarried) {
			return nil
		}
		for ; len(fresh) > 0 && fresh[0] <= string(key); fresh = fresh[1:] {
			if fresh[0] == string(key) {
				continue
			}
			if err := show([]byte(fresh[0]), nil); err != nil {
				return err
			}
		}
		return show(key, stored)
	})
	for _, key := range fresh {
		if err == nil {
			err = show([]byte(key), nil)
		}
	}
	return err
}

// AccountKey is the key of an account in the balances bucket.
func AccountKey(a ledger.Account) []byte { return accountKey(a) }

func encodeBalance(b ledger.Balance) []byte {
	value := make([]byte, 0, 24)
	value = binary.BigEndian.AppendUint64(value, uint64(b.Debits))
	value = binary.BigEndian.AppendUint64(value, uint64(b.Credits))
	return binary.BigEndian.AppendUint64(value, b.Count)
}

func decodeBalance(value []byte) (ledger.Balance, error) {
	if len(value) != 24 {
		return ledger.Balance{}, ErrEncoding
	}
	return ledger.Balance{
		Debits:  ledger.Amount(binary.BigEndian.Uint64(value)),
		Credits: ledger.Amount(binary.BigEndian.Uint64(value[8:])),
		Count:   binary.BigEndian.Uint64(value[16:]),
	}, nil
}
