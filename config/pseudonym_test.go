package config

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPseudonymKeyIsMadeOnceAndKept(t *testing.T) {
	c := Default()
	c.State.Dir = filepath.Join(t.TempDir(), "state")
	if _, err := c.OpenPseudonymKey(false); !errors.Is(err, ErrNoPseudonymKey) {
		t.Fatalf("books without their key: got %v, want ErrNoPseudonymKey", err)
	}
	made, err := c.OpenPseudonymKey(true)
	if err != nil {
		t.Fatal(err)
	}
	if len(made.Reveal()) != PseudonymKeySize || bytes.Count(made.Reveal(), []byte{0}) == PseudonymKeySize {
		t.Fatalf("got a key of %d bytes, or an empty one", len(made.Reveal()))
	}
	info, err := os.Stat(filepath.Join(c.State.Dir, PseudonymKeyName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key's file: %v, %v; want mode 0600", info, err)
	}
	for _, create := range []bool{true, false} {
		again, err := c.OpenPseudonymKey(create)
		if err != nil || !bytes.Equal(again.Reveal(), made.Reveal()) {
			t.Errorf("read again: another key, or %v", err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(c.State.Dir, ".*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// The operator's file wins over the credential, the credential over the state directory.
func TestPseudonymKeyPrecedence(t *testing.T) {
	dir := t.TempDir()
	write := func(name, digit string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.Repeat(digit, 2*PseudonymKeySize)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	c := Default()
	c.State.Dir = filepath.Join(dir, "state")
	write("state/"+PseudonymKeyName, "1")
	expect := func(what string, first byte) {
		t.Helper()
		key, err := c.OpenPseudonymKey(false)
		if err != nil || key.Reveal()[0] != first {
			t.Errorf("%s: got %x, %v", what, key.Reveal(), err)
		}
	}
	expect("state directory", 0x11)
	c.CredentialsDir = filepath.Join(dir, "credentials")
	expect("credentials without a key", 0x11)
	write("credentials/"+PseudonymKeyName, "2")
	expect("credential", 0x22)
	c.Pseudonym.KeyFile = write("operator.key", "3")
	expect("operator's file", 0x33)
}

func TestPseudonymKeyMalformed(t *testing.T) {
	c := Default()
	c.Pseudonym.KeyFile = filepath.Join(t.TempDir(), "key")
	for _, text := range []string{"", "abc", strings.Repeat("1", 63), strings.Repeat("g", 64), strings.Repeat("1", 66)} {
		os.WriteFile(c.Pseudonym.KeyFile, []byte(text), 0o600)
		_, err := c.OpenPseudonymKey(true)
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "must be 64 hexadecimal digits") {
			t.Errorf("%q: got %v", text, err)
		}
		if text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%q: the error shows the key: %v", text, err)
		}
	}
}

// An operator's key that went away is not replaced by a new one.
func TestPseudonymKeyOfOperatorIsNotReplaced(t *testing.T) {
	c := Default()
	c.State.Dir = t.TempDir()
	c.Pseudonym.KeyFile = filepath.Join(c.State.Dir, "gone")
	if _, err := c.OpenPseudonymKey(true); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
