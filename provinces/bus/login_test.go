package bus

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
	"go.uber.org/zap/zaptest"
)

// guarded is an embedded broker that asks for a login; files lie beside its configuration.
func guarded(t *testing.T, configuration string, files map[string]string) (*Server, func(name string) string) {
	t.Helper()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for name, content := range files {
		if err := os.WriteFile(path(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path("nats.conf"), []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	server, err := StartServer(ServerOptions{StoreDir: path("nats"), ConfigFile: path("nats.conf"), Log: zaptest.NewLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	return server, path
}

// ready connects inside the process, as the daemon does, and stores a message.
func ready(t *testing.T, server *Server, login Login) error {
	t.Helper()
	b, err := Connect(t.Context(), ConnectOptions{Server: server, Login: login, Log: zaptest.NewLogger(t)})
	if err != nil {
		return err
	}
	defer b.Close()
	if err := b.EnsureStreams(t.Context(), provincesOfTest); err != nil {
		return err
	}
	return b.RoundTrip(t.Context())
}

// refused connects from outside: inside the process the broker waits ten seconds to say no.
func refused(t *testing.T, server *Server, login Login) {
	t.Helper()
	b, err := Connect(t.Context(), ConnectOptions{URL: server.URL(), Login: login, Log: zaptest.NewLogger(t)})
	if err == nil {
		b.Close()
		t.Errorf("%q was let in", login.User)
	}
}

func TestDaemonLogsInByEveryKind(t *testing.T) {
	user, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, _ := user.PublicKey()
	seed, _ := user.Seed()
	operator, credentials := operatorMode(t, time.Time{})
	for name, c := range map[string]struct {
		configuration string
		login         func(path func(string) string) Login
	}{
		"password": {
			`authorization { users: [ { user: clearingd, password: "pass word" } ] }`,
			func(path func(string) string) Login { return Login{User: "clearingd", Password: path("password")} },
		},
		"nkey": {
			`authorization { users: [ { nkey: ` + public + ` } ] }`,
			func(path func(string) string) Login { return Login{NKey: path("seed")} },
		},
		"credentials": {operator, func(path func(string) string) Login { return Login{Credentials: path("creds")} }},
	} {
		t.Run(name, func(t *testing.T) {
			server, path := guarded(t, c.configuration, map[string]string{
				"password": "pass word\n", "seed": string(seed), "creds": credentials,
			})
			if err := ready(t, server, c.login(path)); err != nil {
				t.Error(err)
			}
			refused(t, server, Login{})
		})
	}
}

func TestLoginsThatCannotBeUsed(t *testing.T) {
	server, path := guarded(t, "debug: false", map[string]string{"empty": "\n", "lines": "top secret\nsecond\n", "no seed": "top secret"})
	for name, login := range map[string]Login{
		"two kinds":             {User: "a", Password: path("lines"), NKey: path("no seed")},
		"a user alone":          {User: "a"},
		"a password alone":      {Password: path("lines")},
		"no such password file": {User: "a", Password: path("nowhere")},
		"an empty password":     {User: "a", Password: path("empty")},
		"two lines":             {User: "a", Password: path("lines")},
		"no seed":               {NKey: path("no seed")},
		"no such seed":          {NKey: path("nowhere")},
		"no such credentials":   {Credentials: path("nowhere")},
	} {
		err := ready(t, server, login)
		if !errors.Is(err, ErrLogin) || strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A changed password counts from the next connection on, without a restart of clearingd.
func TestThePasswordIsReadAtEveryConnection(t *testing.T) {
	login := Login{User: "clearingd", Password: filepath.Join(t.TempDir(), "password")}
	for _, want := range []string{"old", "new"} {
		if err := os.WriteFile(login.Password, []byte(want+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := login.password(); got != want || err != nil {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
}

// TestShippedUsers: the example of deploy/nats-users.conf lets in whom it says.
func TestShippedUsers(t *testing.T) {
	shipped, err := os.ReadFile("../../deploy/nats-users.conf")
	if err != nil {
		t.Fatal(err)
	}
	server, path := guarded(t, string(shipped), map[string]string{
		"nats-passwords.conf": "CLEARINGD_PASSWORD: \"d\"\nOPERATOR_PASSWORD: \"o\"\nH31010100001_PASSWORD: \"h\"\n",
		"d":                   "d", "o": "o", "h": "h",
	})
	if err := ready(t, server, Login{User: "clearingd", Password: path("d")}); err != nil {
		t.Errorf("clearingd: %v", err)
	}
	if err := ready(t, server, Login{User: "operator", Password: path("o")}); err != nil {
		t.Errorf("operator: %v", err)
	}
	hospital, err := Connect(t.Context(), ConnectOptions{
		URL: server.URL(), InboxPrefix: "_INBOX_H31010100001", Login: Login{User: "H31010100001", Password: path("h")}, Log: zaptest.NewLogger(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer hospital.Close()
	if stored, _, err := hospital.PublishClaim(t.Context(), claim(1), []byte("own")); !stored {
		t.Errorf("own claim: %v", err)
	}
	if _, _, err := hospital.PublishClaim(t.Context(), "claims.31.65.H31010100002.M1", nil); !errors.Is(err, ErrDenied) {
		t.Errorf("another's claim: %v", err)
	}
	for _, service := range []string{"estimate.31.65", "month.31", "have.provider.31", "statement.provider.31"} {
		for provider, mine := range map[string]bool{"H31010100001": true, "H31010100002": false} {
			_, err := hospital.Call(t.Context(), "clearing."+service+"."+provider, nil) // nobody serves it here
			if err == nil || errors.Is(err, ErrDenied) == mine {
				t.Errorf("%s of %s: %v", service, provider, err)
			}
		}
	}
	if _, err := hospital.Call(t.Context(), "$JS.API.DIRECT.GET.ANSWERS.answers.statement.provider.31.H31010100001.S1", nil); err != nil {
		t.Errorf("the answer to its statement, as it is stored: %v", err)
	}
	heard, err := hospital.nc.SubscribeSync("answers.statement.provider.31.H31010100001.*")
	if err != nil || hospital.nc.Flush() != nil {
		t.Fatal(err)
	}
	house, err := Connect(t.Context(), ConnectOptions{Server: server, Login: Login{User: "clearingd", Password: path("d")}, Log: zaptest.NewLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer house.Close()
	if err := house.nc.Publish("answers.statement.provider.31.H31010100001.S1", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := heard.NextMsg(10 * time.Second); err != nil {
		t.Errorf("the answer to its statement, as it comes: %v", err)
	}
	refused(t, server, Login{User: "clearingd", Password: path("o")})
}

// operatorMode is a broker's configuration with users by JWT, and a user's credentials
// file; a zero expires never does.
func operatorMode(t *testing.T, expires time.Time) (configuration, credentials string) {
	t.Helper()
	pair := func(pair nkeys.KeyPair, err error) (nkeys.KeyPair, string) {
		if err != nil {
			t.Fatal(err)
		}
		public, _ := pair.PublicKey()
		return pair, public
	}
	operator, operatorKey := pair(nkeys.CreateOperator())
	account, accountKey := pair(nkeys.CreateAccount())
	_, systemKey := pair(nkeys.CreateAccount())
	user, userKey := pair(nkeys.CreateUser())
	encode := func(claims interface {
		Encode(nkeys.KeyPair) (string, error)
	}, by nkeys.KeyPair) string {
		token, err := claims.Encode(by)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	accountClaims := jwt.NewAccountClaims(accountKey)
	accountClaims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
	userClaims := jwt.NewUserClaims(userKey)
	if !expires.IsZero() {
		userClaims.Expires = expires.Unix()
	}
	seed, _ := user.Seed()
	decorated, err := jwt.FormatUserConfig(encode(userClaims, account), seed)
	if err != nil {
		t.Fatal(err)
	}
	operatorClaims := jwt.NewOperatorClaims(operatorKey)
	operatorClaims.SystemAccount = systemKey
	return fmt.Sprintf("operator: %s\nsystem_account: %s\nresolver: MEMORY\nresolver_preload: { %s: %s, %s: %s }\n",
		encode(operatorClaims, operator), systemKey,
		accountKey, encode(accountClaims, operator),
		systemKey, encode(jwt.NewAccountClaims(systemKey), operator)), string(decorated)
}
