package nhsa

import "bytes"

// Limits of a message. The largest object of the national interface has 82 members,
// the deepest message six levels; a claim of 1 MiB full of fee lines has fewer than
// 50,000 members. Whatever goes beyond is no message of a hospital's system.
const (
	maxBytes    = 1 << 20
	maxDepth    = 16
	maxMembers  = 256     // in one object
	maxElements = 4_096   // in one array
	maxValues   = 1 << 16 // in the whole message
)

// withinLimits looks over the bytes once, before anything is allocated for them, and
// says which limit they break; "" if none. It does not judge syntax: on what is not JSON
// it may give either answer, without looking further than the end.
func withinLimits(body []byte) (broken string) {
	if len(body) > maxBytes {
		return "at most 1 MiB"
	}
	var commas [maxDepth + 1]int
	var object [maxDepth + 1]bool
	depth, values := 0, 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '"':
			i = endOfString(body, i)
		case '{', '[':
			if depth++; depth > maxDepth {
				return "at most 16 levels"
			}
			commas[depth], object[depth] = 0, body[i] == '{'
			values++
		case '}', ']':
			depth = max(depth-1, 0)
		case ',':
			commas[depth]++
			values++
			if object[depth] && commas[depth] >= maxMembers {
				return "at most 256 members in an object"
			}
			if commas[depth] >= maxElements {
				return "at most 4096 elements in an array"
			}
			if values > maxValues {
				return "at most 65536 values"
			}
		}
	}
	return ""
}

// endOfString is the index of the quote that closes the string opened at i, or the
// last index if none does.
func endOfString(body []byte, i int) int {
	for {
		next := bytes.IndexByte(body[i+1:], '"')
		if next < 0 {
			return len(body) - 1
		}
		i += 1 + next
		backslashes := 0
		for body[i-1-backslashes] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			return i
		}
	}
}
