package bus

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

// Login is who a client is to the broker: one of three kinds, each by a file that holds
// the secret, or nobody. The files are read at every connection, so that a renewed one
// counts from the next on.
type Login struct {
	Credentials string // file with a user's JWT and nkey seed
	NKey        string // file with an nkey seed
	User        string // name, with Password
	Password    string // file with the password of User in its one line
}

// ErrLogin: the files of a login cannot be used. It never shows what they hold.
var ErrLogin = errors.New("login cannot be used")

// option is the login as an option of a connection. It has read the secret once, so that
// a file that cannot be used is told at once and not as a refused login.
func (l Login) option(log *zap.Logger) (nats.Option, error) {
	kinds := 0
	for _, kind := range []string{l.Credentials, l.NKey, l.User + l.Password} {
		if kind != "" {
			kinds++
		}
	}
	switch {
	case kinds > 1:
		return nil, fmt.Errorf("%w: more than one is given", ErrLogin)
	case l.Credentials != "":
		if _, err := os.ReadFile(l.Credentials); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrLogin, err)
		}
		return nats.UserCredentials(l.Credentials), nil
	case l.NKey != "":
		option, err := nats.NkeyOptionFromSeed(l.NKey)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrLogin, l.NKey, err)
		}
		return option, nil
	case kinds == 0:
		return func(*nats.Options) error { return nil }, nil
	case l.User == "" || l.Password == "":
		return nil, fmt.Errorf("%w: a user needs a file with the password, and the other way round", ErrLogin)
	}
	if _, err := l.password(); err != nil {
		return nil, err
	}
	return nats.UserInfoHandler(func() (string, string) {
		password, err := l.password()
		if err != nil {
			log.Error("the password cannot be read", zap.Error(err)) // the broker refuses the login
		}
		return l.User, password
	}), nil
}

func (l Login) password() (string, error) {
	content, err := os.ReadFile(l.Password)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrLogin, err)
	}
	password := strings.TrimRight(string(content), "\r\n")
	if password == "" || strings.ContainsAny(password, "\r\n") {
		return "", fmt.Errorf("%w: %s must hold the password in one line", ErrLogin, l.Password)
	}
	return password, nil
}
