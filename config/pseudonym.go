package config

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// PseudonymKeySize is the size of the key in bytes; its file holds it as twice as many
// hexadecimal digits and a line end.
const PseudonymKeySize = 32

// PseudonymKeyName is the name of the key's file in the state directory, and of the
// credential that takes its place under a service manager.
const PseudonymKeyName = "pseudonym.key"

// ErrNoPseudonymKey: books exist, but the key that their pseudonyms were made with
// is gone. A new key would give every person a second name, so none is made.
var ErrNoPseudonymKey = fmt.Errorf("%w: the pseudonym key is missing: restore its file from the backup", ErrInvalid)

// OpenPseudonymKey reads the key that turns persons into pseudonyms: from
// pseudonym.key_file, else from the credential, else from the state directory. Where
// none exists and create is true it makes one in the state directory, readable by
// the daemon's user alone; callers set create exactly when the books are new.
//
// The result holds [PseudonymKeySize] bytes. Errors wrap ErrInvalid, or come from the
// file system; none shows the key.
func (c Config) OpenPseudonymKey(create bool) (Secret, error) {
	path, fixed := c.pseudonymKeyPath()
	key, err := readPseudonymKey(path)
	switch {
	case err == nil:
		return NewSecret(key), nil
	case !errors.Is(err, fs.ErrNotExist) || fixed:
		return Secret{}, err
	case !create:
		return Secret{}, ErrNoPseudonymKey
	}
	key = make([]byte, PseudonymKeySize)
	rand.Read(key) // never fails: crypto/rand ends the process instead
	if err := writePseudonymKey(path, key); err != nil {
		return Secret{}, fmt.Errorf("pseudonym key: %w", err)
	}
	return NewSecret(key), nil
}

// pseudonymKeyPath is where the key lies, and whether an operator put it there.
func (c Config) pseudonymKeyPath() (path string, fixed bool) {
	if c.Pseudonym.KeyFile != "" {
		return c.Pseudonym.KeyFile, true
	}
	if c.CredentialsDir != "" {
		path := filepath.Join(c.CredentialsDir, PseudonymKeyName)
		if _, err := os.Stat(path); err == nil {
			return path, true
		}
	}
	return filepath.Join(c.State.Dir, PseudonymKeyName), false
}

func readPseudonymKey(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: pseudonym key: %w", ErrInvalid, err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(data)))
	if err != nil || len(key) != PseudonymKeySize {
		return nil, fmt.Errorf("%w: pseudonym key %s: must be %d hexadecimal digits, for example from: openssl rand -hex %d",
			ErrInvalid, path, 2*PseudonymKeySize, PseudonymKeySize)
	}
	return key, nil
}

// writePseudonymKey leaves either no file or the whole key, also after a power cut:
// pseudonyms made with a key that did not survive could never be told again.
func writePseudonymKey(path string, key []byte) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+PseudonymKeyName+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
