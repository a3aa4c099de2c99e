package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
)

// absolute makes every path start at the root, so that nothing later depends on the
// working directory.
func (r *reader) absolute() {
	c := &r.config
	for _, path := range []*string{
		&c.State.Dir, &c.Plans.Dir, &c.Report.Dir, &c.Pseudonym.KeyFile,
		&c.NATS.ServerConfigFile, &c.NATS.CredentialsFile, &c.NATS.NKeyFile, &c.NATS.PasswordFile, &c.NATS.TLSCAFile,
	} {
		if *path == "" {
			continue
		}
		abs, err := filepath.Abs(*path)
		if err != nil { // the working directory is gone
			r.refuse(Fault{Where: r.name, Key: "a relative path", Right: err.Error()})
			continue
		}
		*path = abs
	}
}

// relations checks what single values cannot tell: keys that need or exclude each
// other, and files that must exist.
func (r *reader) relations() {
	c := &r.config
	r.businessDay()
	r.broker()
	r.listeners()
	r.mustBeDir("plans.dir", c.Plans.Dir)
	r.mayBeDir("state.dir", c.State.Dir)
	r.mayBeDir("report.dir", c.Report.Dir)
	r.mustBePrivate("pseudonym.key_file", c.Pseudonym.KeyFile)
	r.mustBePrivate("nats.credentials_file", c.NATS.CredentialsFile)
	r.mustBePrivate("nats.nkey_file", c.NATS.NKeyFile)
	r.mustBePrivate("nats.password_file", c.NATS.PasswordFile)
	r.mustBePrivate("nats.server_config_file", c.NATS.ServerConfigFile)
	r.mustBeFile("nats.tls_ca_file", c.NATS.TLSCAFile)
}

func (r *reader) businessDay() {
	if r.faulty["business_day"] || r.faulty["first_day"] {
		return
	}
	switch {
	case r.config.BusinessDay == Manual && r.config.FirstDay.IsZero():
		r.fault("business_day", `needs first_day, the day that new books begin with, for example first_day = "2026-11-23"`)
	case r.config.BusinessDay == Clock && !r.config.FirstDay.IsZero():
		r.fault("first_day", `only counts with business_day = "manual"; by the clock, books begin with the day on which they are made`)
	}
}

// broker checks that what belongs to one kind of broker comes with that kind. A key
// that repeats its default asks for nothing.
func (r *reader) broker() {
	if r.faulty["nats.url"] {
		return
	}
	n, unset := r.config.NATS, Default().NATS
	const external = "only counts with nats.url, an external server"
	r.refuseIf(n.Embedded() && n.TLSCAFile != "", "nats.tls_ca_file", external)
	r.refuseIf(n.Embedded() && n.Replicas != 0, "nats.replicas", external+"; the embedded broker is one server")
	r.refuseIf(n.Embedded() && n.RequireSyncAlways, "nats.require_sync_always", external+"; the embedded broker always syncs")
	r.login(n)

	const embedded = "belongs to the embedded broker, but nats.url names an external server: remove one of them"
	r.refuseIf(!n.Embedded() && n.Listen != unset.Listen, "nats.listen", embedded)
	r.refuseIf(!n.Embedded() && n.MaxStoreBytes != unset.MaxStoreBytes, "nats.max_store_mib", embedded)
	r.refuseIf(!n.Embedded() && n.ServerConfigFile != "", "nats.server_config_file", embedded)
}

// login checks that there is one login at most, and a broker that asks for it.
func (r *reader) login(n NATS) {
	given := ""
	for _, login := range []struct{ key, value string }{
		{"nats.credentials_file", n.CredentialsFile}, {"nats.nkey_file", n.NKeyFile}, {"nats.user", n.User},
	} {
		if login.value == "" {
			continue
		}
		r.refuseIf(n.Embedded() && n.ServerConfigFile == "", login.key,
			"only counts with nats.url or nats.server_config_file; the embedded broker asks for no login by itself")
		r.refuseIf(given != "", login.key, "is a second login beside "+given+": remove one of them")
		given = login.key
	}
	r.refuseIf(n.User != "" && n.PasswordFile == "", "nats.user", "needs nats.password_file, a file with the password in one line")
	r.refuseIf(n.User == "" && n.PasswordFile != "", "nats.password_file", "needs nats.user, whose password it holds")
}

func (r *reader) listeners() {
	n, h := r.config.NATS, r.config.HTTP
	r.refuseIf(n.Embedded() && n.ServerConfigFile == "" && !IsLoopback(n.Listen), "nats.listen",
		"leaves the loopback, where the embedded broker would ask nobody for a login: use 127.0.0.1, or name accounts and TLS in nats.server_config_file")
	r.refuseIf(!h.AllowRemote && !IsLoopback(h.Listen), "http.listen",
		"leaves the loopback, where the pages would ask nobody for a login: use 127.0.0.1 behind an authenticating proxy, or say http.allow_remote = true")
	_, port, err := net.SplitHostPort(n.Listen)
	r.refuseIf(n.Embedded() && err == nil && port != "0" && n.Listen == h.Listen, "http.listen",
		"is the address of nats.listen too: one of them must change")
}

func (r *reader) mustBeDir(key, path string) {
	if path == "" {
		return
	}
	info, err := os.Stat(path)
	if err != nil {
		r.fault(key, "must be a directory that exists: "+reason(err))
		return
	}
	r.refuseIf(!info.IsDir(), key, "must be a directory, but is a file")
}

// mayBeDir accepts what does not exist yet: the daemon makes it.
func (r *reader) mayBeDir(key, path string) {
	info, err := os.Stat(path)
	r.refuseIf(err == nil && !info.IsDir(), key, "must be a directory, but is a file")
}

func (r *reader) mustBeFile(key, path string) (fs.FileInfo, bool) {
	if path == "" {
		return nil, false
	}
	info, err := os.Stat(path)
	if err != nil {
		r.fault(key, "must be a file that exists: "+reason(err))
		return nil, false
	}
	r.refuseIf(!info.Mode().IsRegular(), key, "must be a file, but is a directory or a device")
	return info, info.Mode().IsRegular()
}

// mustBePrivate refuses a file with secrets that other users of the machine can read.
func (r *reader) mustBePrivate(key, path string) {
	if info, ok := r.mustBeFile(key, path); ok && info.Mode().Perm()&0o077 != 0 {
		r.fault(key, fmt.Sprintf("can be read by other users (mode %04o): chmod 600", info.Mode().Perm()))
	}
}

func (r *reader) refuseIf(bad bool, key, right string) {
	if bad {
		r.fault(key, right)
	}
}

// fault notes that a key is wrong beside others, where it was set; a key that rests on
// its default is named without a line. One fault a key: the first is the cause.
func (r *reader) fault(key, right string) {
	if r.faulty[key] {
		return
	}
	at, set := r.origin[key]
	if !set {
		at = Fault{Where: r.name, Key: key}
	}
	at.Right = right
	r.refuse(at)
}

// reason is the cause of a file error without the path, which the fault already has.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
