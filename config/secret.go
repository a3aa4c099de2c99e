package config

import (
	"fmt"
	"io"
)

// Secret is a key that must not be printed. Every way of formatting, logging or
// encoding it writes a placeholder; only Reveal gives the bytes.
type Secret struct{ bytes []byte }

// NewSecret holds the bytes; they are not copied.
func NewSecret(b []byte) Secret { return Secret{bytes: b} }

// Placeholder is what is printed in place of a secret.
const Placeholder = "<secret>"

// Reveal is the key itself: for the call that needs it, never for a message.
func (s Secret) Reveal() []byte { return s.bytes }

// String is the placeholder, or "" when there is no secret, so that a printed value
// still tells the two apart.
func (s Secret) String() string {
	if len(s.bytes) == 0 {
		return ""
	}
	return Placeholder
}

// GoString keeps %#v from printing the bytes.
func (s Secret) GoString() string { return s.String() }

// Format keeps every other verb, %x among them, from printing the bytes.
func (s Secret) Format(w fmt.State, _ rune) { io.WriteString(w, s.String()) }

// MarshalText keeps encoders from writing the bytes.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
