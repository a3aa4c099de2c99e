// Package doctest holds what the documents say against what the programs do.
//
// It has tests only. They build clearingd and clearctl once and then
//
//   - run every fenced sh block of README.md, the handbook and the runbook against a real
//     daemon, as the reader would;
//   - bring about the symptoms of the runbook (damaged books, a full disk, lost keys, foreign
//     streams, ...) and demand that the daemon says what the runbook quotes;
//   - compile the Go client of the hospitals' interface, and settle the claim printed there with it;
//   - look up every command, flag, metric, condition, exit code, configuration key and
//     refusal code that a document names.
//
// # Writing a document
//
// A block with the language sh is run, in the order of the document, in one scratch directory that has
// bin, deploy and provinces beside it. The addresses 127.0.0.1:4222 and 127.0.0.1:8470 and the directory
// /var/lib/clearingd are replaced by those of the test's daemon. A line "make TARGET" is not run, but the
// target must exist. A comment before the block changes that:
//
//	<!-- not run: REASON -->     not run; the reason is for the reader of the source
//	<!-- outside: PROGRAM... --> run by `make outside`, which installs the programs
//
// Links are checked by cmd/internal/tidy.
package doctest
