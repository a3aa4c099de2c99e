// Package config turns a TOML file and command-line flags into a checked [Config].
//
// Three things matter. [Default] is the one place where defaults are written.
// [Load] reads the file, lets the flags overrule it and checks everything; what it
// returns without an error can be used without further checks. [Secret] holds what
// must never be printed.
//
// The package promises: a key nobody knows is refused, with the key that was
// probably meant; every fault is reported, all of them at once, each with its file
// and line (or flag), the key, the value found and what would be right; a value of
// the wrong TOML type is never converted; a secret appears in no message.
//
// Paths may be relative; they then start at the working directory, in the file as
// on the command line, and Load makes them absolute.
//
// The package leaves out benefit plans, which have their own files and their own
// checks, and it never watches files: a change takes effect at the next start
// (plans alone are read again on SIGHUP). It imports nothing of this project, and
// only cmd imports it.
package config
