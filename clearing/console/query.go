package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"clearingd/clearing"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

// rowsMax is how many lines a list shows at once: what a person scrolls and a sheet of
// paper stack still holds.
const rowsMax = 200

// daysMax bounds the range of days of one list of bills.
const daysMax = 400

// values are the parameters of a request, each at most once.
type values map[string]string

// parameters reads the query strictly: no parameter twice, no bytes that are no query.
func parameters(r *http.Request) (values, error) {
	all, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errParameter
	}
	q := make(values, len(all))
	for name, given := range all {
		if len(given) != 1 {
			return nil, errParameter
		}
		q[name] = given[0]
	}
	return q, nil
}

// day reads yyyy-MM-dd.
func parseDay(s string) (ledger.Day, error) {
	day, err := ledger.ParseDay(s)
	if err != nil || day == 0 {
		return 0, errParameter
	}
	return day, nil
}

// dayOr is parseDay, with a default for an absent parameter.
func (q values) dayOr(name string, otherwise ledger.Day) (ledger.Day, error) {
	if q[name] == "" {
		return otherwise, nil
	}
	return parseDay(q[name])
}

// region reads a province of two digits or an area of six; "" is all.
func (q values) region(name string) (string, error) {
	s := q[name]
	if s == "" || provinces.Known(ledger.Province(s)) || provinces.ValidArea(ledger.Area(s)) {
		return s, nil
	}
	return "", errParameter
}

// province reads a province; "" is all.
func (q values) province(name string) (ledger.Province, error) {
	s := ledger.Province(q[name])
	if s == "" || provinces.Known(s) {
		return s, nil
	}
	return "", errParameter
}

// parsePair reads <home>-<treatment>: two provinces, or two areas.
func parsePair(s string) (home, treatment string, err error) {
	home, treatment, found := strings.Cut(s, "-")
	areas := provinces.ValidArea(ledger.Area(home)) && provinces.ValidArea(ledger.Area(treatment))
	known := provinces.Known(ledger.Province(home)) && provinces.Known(ledger.Province(treatment))
	if !found || !areas && !known {
		return "", "", errParameter
	}
	return home, treatment, nil
}

// outcome reads one of the allowed outcomes; "" is all.
func (q values) outcome(allowed []provinces.Outcome) (provinces.Outcome, error) {
	o := provinces.Outcome(q["outcome"])
	if o == "" || slices.Contains(allowed, o) {
		return o, nil
	}
	return "", errParameter
}

// code reads a refusal code that exists; "" is all.
func (q values) code() (provinces.Code, error) {
	if q["code"] == "" {
		return 0, nil
	}
	n, err := parseNumber(q["code"])
	if err != nil || n > 9999 || !slices.Contains(provinces.Codes(), provinces.Code(n)) {
		return 0, errParameter
	}
	return provinces.Code(n), nil
}

// scope reads between or within; "" is both.
func (q values) scope() (Scope, error) {
	s := Scope(q["scope"])
	if s == Everywhere || s == Between || s == Within {
		return s, nil
	}
	return "", errParameter
}

// after reads a books' number; "" is 0.
func (q values) after() (uint64, error) {
	if q["after"] == "" {
		return 0, nil
	}
	return parseNumber(q["after"])
}

// numberDigits is the width of the books' number in a setl_id. No number of a person
// is so short.
const numberDigits = 13

// parseNumber reads a decimal number above 0 of at most 13 digits, without leading zeros.
func parseNumber(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n == 0 || len(s) > numberDigits || strconv.FormatUint(n, 10) != s {
		return 0, errParameter
	}
	return n, nil
}

// parseRecord reads what names one record: its books' number, its setl_id, or
// <treatment>.<home>.<provider>.<msgid>.
func parseRecord(s string) (service.ClaimRequest, error) {
	if n, err := parseNumber(s); err == nil {
		return service.ClaimRequest{Entry: n}, nil
	}
	if _, _, ok := clearing.ParseSettlementID(s); ok {
		return service.ClaimRequest{SettlementID: s}, nil
	}
	if subject, err := provinces.ParseSubject("claims." + s); err == nil {
		return service.ClaimRequest{Message: subject.Key()}, nil
	}
	return service.ClaimRequest{}, errParameter
}

// parseFolder reads the name of a report's folder: a day, or two days joined by "_", the
// first before the second.
func parseFolder(s string) (from, to ledger.Day, err error) {
	first, second, period := strings.Cut(s, "_")
	if from, err = parseDay(first); err != nil {
		return 0, 0, err
	}
	if !period {
		return from, from, nil
	}
	if to, err = parseDay(second); err != nil || to <= from {
		return 0, 0, errParameter
	}
	return from, to, nil
}
