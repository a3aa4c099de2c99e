package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The functions below read one value each. Their error says what would be right; it
// never repeats the value, because the caller does, and knows when it is a secret.

// CutOff is the time of day in Asia/Shanghai at which a business day ends, counted
// from midnight: more than 0, at most 24 hours.
type CutOff time.Duration

// MidnightCutOff ends the business day with the calendar day.
const MidnightCutOff = CutOff(24 * time.Hour)

// String writes HH:MM; the end of the calendar day is "24:00".
func (c CutOff) String() string {
	minutes := int(time.Duration(c) / time.Minute)
	return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60)
}

var errCutOff = errors.New(`must be a time of day from "00:01" to "24:00", for example "24:00" or "20:30"`)

// ParseCutOff reads exactly HH:MM, from 00:01 to 24:00.
func ParseCutOff(s string) (CutOff, error) {
	if s == "24:00" {
		return MidnightCutOff, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, errCutOff
	}
	c := CutOff(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute)
	if c == 0 {
		return 0, errCutOff
	}
	return c, nil
}

func parseDay(s string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, errors.New(`must be a day that exists, written yyyy-MM-dd, for example "2026-11-23"`)
	}
	return t, nil
}

var errAddress = errors.New(`must be HOST:PORT with a port from 0 to 65535, for example "127.0.0.1:4222"`)

func parseAddress(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" || strings.ContainsAny(host, " /@") {
		return "", errAddress
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return "", errAddress
	}
	return s, nil
}

// IsLoopback reports whether a HOST:PORT can only be reached from this machine.
func IsLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

var natsSchemes = []string{"nats", "tls", "ws", "wss"}

// parseNATSURL takes one URL or several with commas between, as NATS clients do.
// Logins are refused in it, because URLs are printed.
func parseNATSURL(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	for one := range strings.SplitSeq(s, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil || !slices.Contains(natsSchemes, u.Scheme) || u.Hostname() == "" ||
			strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
			return "", errors.New(`must be nats://HOST:PORT or tls://HOST:PORT, several with commas between, or "" to embed the broker`)
		}
		if u.User != nil {
			return "", errors.New("must not carry a login, because addresses are printed: use nats.credentials_file, nats.nkey_file, or nats.user and nats.password_file")
		}
	}
	return s, nil
}

func parseHost(s string) error {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-')
	}) {
		return errors.New(`must be host names in small letters without a port, for example ["clearing.example.cn"]`)
	}
	return nil
}

func oneOf[T ~string](allowed ...T) func(string) (T, error) {
	return func(s string) (T, error) {
		if slices.Contains(allowed, T(s)) {
			return T(s), nil
		}
		quoted := make([]string, len(allowed))
		for i, a := range allowed {
			quoted[i] = strconv.Quote(string(a))
		}
		return "", errors.New("must be " + strings.Join(quoted, " or "))
	}
}

func between(low, high int64) func(int64) (int64, error) {
	return func(n int64) (int64, error) {
		if n < low || n > high {
			return 0, fmt.Errorf("must be a whole number from %d to %d", low, high)
		}
		return n, nil
	}
}

// provinces are the 31 provinces and 66, the Xinjiang Production and Construction
// Corps, by their two digits (GB/T 2260). The list stands here a second time because
// this package imports nothing of the project; a test in cmd/internal/tidy compares
// it with the daemon's own.
var provinces = []string{
	"11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41",
	"42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "66",
}

// Provinces lists the home provinces that homes.NN may name.
func Provinces() []string { return slices.Clone(provinces) }

func parseInbox(s string) (string, error) {
	if s != "" && (strings.ContainsAny(s, "*> \t") || strings.Trim(s, ".") != s || strings.Contains(s, "..")) {
		return "", errors.New(`must be a subject without wildcards, for example "_INBOX_clearingd"`)
	}
	return s, nil
}

// sides are the parties that can state what they have of the bills.
func sides() []string { return []string{"hospital", "treatment", "home"} }

// someOf takes a list of words of a choice, each at most once.
func someOf(choice ...string) func([]string) ([]string, error) {
	return func(list []string) ([]string, error) {
		for i, word := range list {
			if !slices.Contains(choice, word) || slices.Contains(list[:i], word) {
				return nil, fmt.Errorf("must be a list of %s, each at most once", strings.Join(choice, ", "))
			}
		}
		return list, nil
	}
}
