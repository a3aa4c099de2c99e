package provinces

import (
	"fmt"
	"strings"

	"clearingd/ledger"
)

// Subject says where a message of a hospital lies on the bus:
//
//	claims.<treatment>.<home>.<provider>.<msgid>
//
// Its answer lies at the same place under "answers".
type Subject struct {
	Treatment, Home ledger.Province
	Provider        string
	MsgID           string
}

// Key is the part that claims and answers share.
func (s Subject) Key() string {
	return fmt.Sprintf("%s.%s.%s.%s", s.Treatment, s.Home, s.Provider, s.MsgID)
}

// Claims is the subject a hospital publishes to.
func (s Subject) Claims() string { return "claims." + s.Key() }

// Answers is the subject the daemon answers on.
func (s Subject) Answers() string { return "answers." + s.Key() }

// ParseSubject takes a claims or answers subject apart. It checks the number of
// tokens and their grammar, not whether the provinces exist.
func ParseSubject(subject string) (Subject, error) {
	tokens := strings.Split(subject, ".")
	if len(tokens) != 5 || (tokens[0] != "claims" && tokens[0] != "answers") ||
		!allDigits(tokens[1], 2) || !allDigits(tokens[2], 2) ||
		!ValidProvider(tokens[3]) || !ValidMsgID(tokens[4]) {
		return Subject{}, fmt.Errorf("subject %q is not claims.<treatment>.<home>.<provider>.<msgid>", subject)
	}
	return Subject{
		Treatment: ledger.Province(tokens[1]), Home: ledger.Province(tokens[2]),
		Provider: tokens[3], MsgID: tokens[4],
	}, nil
}

// ValidProvider reports whether s is [HP][0-9]{11}.
func ValidProvider(s string) bool {
	return len(s) == 12 && (s[0] == 'H' || s[0] == 'P') && allDigits(s[1:], 11)
}

// ValidMsgID reports whether s is [A-Za-z0-9_-]{1,30}.
func ValidMsgID(s string) bool {
	return s != "" && len(s) <= 30 && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '_' || r == '-')
	})
}

func allDigits(s string, n int) bool {
	return len(s) == n && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}
