// Package plant makes instrumented variants of the daemon without a line for it in the
// daemon: named points at which the process kills itself, between one promise and the
// next, and planted defects, to prove that tests and simulator would notice them.
//
// Each is an [Edit] of a source file, written down in [Points] and [Defects]: text that
// must stand there exactly once, and what takes its place. [Overlay] applies all of them to
// copies and writes a file for go build -overlay, so that one binary (or one test binary)
// has all switches and the sources stay as they are. An edit whose text is gone fails
// loudly: whoever changed the code decides where the point or defect lies now.
//
//	clearsim plant --out bin/clearingd-planted
//	CLEARINGD_KILL_AT=committed:2 bin/clearingd-planted ...    kills itself there the second time
//	CLEARINGD_PLANTED=wrong-rounding bin/clearingd-planted ... has that defect
//
// What the simulator cannot see, because it needs a broken file or a power cut, is left to
// the test that each such defect names; the overlay goes to it, and to the daemon that it
// builds, through GOFLAGS.
//
// What it leaves out: points inside other modules. bbolt's and the broker's own calls are
// reached by the store's tests of crash states and of failing system calls.
package plant
