package ops

import "bytes"

// Mask stands in a log line where an identity number stood.
const Mask = "[id]"

// maskIdentities replaces what looks like an identity number: 18 characters (17
// digits and a digit or X, GB 11643-1999) or 15 digits (its first generation).
//
// Standing alone, any run of exactly that form is masked. Inside a longer run of
// letters and digits (a hash, a number with a prefix) only 18 characters whose
// province, date of birth and check character are all right count, or every tenth hash
// would be masked too; the whole run of digits goes then.
//
// In JSON, a mask outside a text is put in quotes, so that the line stays JSON. The
// result may be line itself.
func maskIdentities(line []byte, json bool) (masked []byte, found bool) {
	var out []byte
	var quoted, escaped bool
	kept := 0 // line[:kept] is in out
	for i := 0; i < len(line); {
		if !digit(line[i]) {
			quoted, escaped = inText(line[i], quoted, escaped)
			i++
			continue
		}
		escaped = false
		end := i
		for end < len(line) && digit(line[end]) {
			end++
		}
		if withX := end < len(line) && (line[end] == 'X' || line[end] == 'x'); withX && end-i >= 17 {
			end++
		}
		if identity(line[i:end], alone(line, i, end)) {
			out = append(append(out, line[kept:i]...), mask(json && !quoted)...)
			kept = end
		}
		i = end
	}
	if kept == 0 {
		return line, false
	}
	return append(out, line[kept:]...), true
}

func mask(quote bool) string {
	if quote {
		return `"` + Mask + `"`
	}
	return Mask
}

// inText follows whether the next byte is inside a JSON text.
func inText(b byte, quoted, escaped bool) (nextQuoted, nextEscaped bool) {
	switch {
	case escaped:
		return quoted, false
	case b == '\\':
		return quoted, quoted
	case b == '"':
		return !quoted, false
	}
	return quoted, false
}

// alone reports whether line[i:end] touches no letter, digit or decimal point with a
// digit behind it: neither part of a longer code nor of a fraction.
func alone(line []byte, i, end int) bool {
	before := i > 0 && (letter(line[i-1]) || line[i-1] == '.' && i > 1 && digit(line[i-2]))
	after := end < len(line) && (letter(line[end]) || digit(line[end]))
	return !before && !after
}

// identity reports whether a run of digits (with X at its end, perhaps) is to go.
func identity(run []byte, alone bool) bool {
	plain := digit(run[len(run)-1])
	if alone && (len(run) == 18 || len(run) == 15 && plain) {
		return true
	}
	for i := 0; i+18 <= len(run); i++ {
		if validIdentity(run[i : i+18]) {
			return true
		}
	}
	return false
}

// validIdentity checks province, date of birth and check character (GB 11643-1999).
func validIdentity(id []byte) bool {
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		if !digit(id[i]) {
			return false
		}
		sum += w * int(id[i]-'0')
	}
	number := func(from, to int) (n int) {
		for _, b := range id[from:to] {
			n = 10*n + int(b-'0')
		}
		return n
	}
	province, year, month, day := number(0, 2), number(6, 10), number(10, 12), number(12, 14)
	return province >= 11 && province <= 82 && year >= 1850 && year <= 2100 &&
		month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
		bytes.ToUpper(id[17:])[0] == "10X98765432"[sum%11]
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

// letter means an ASCII letter: Chinese text may stand right beside a number, which is
// still alone then.
func letter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }
