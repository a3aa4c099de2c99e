// Package faults breaks the machine under clearingd and looks at what is left: it holds
// no code of the product, only tests and what they need to drive other processes.
//
// A process is run under a tracer of our own (ptrace), unmodified. The tracer either
// writes down every system call that changes a file, with its bytes, or lets exactly the
// k-th of them fail, or kills the process there. strace could do much of that, but it
// counts calls by thread, and a Go program does not choose its threads.
//
//   - Crash states: from the record of a run, every image of the books is built that a
//     power cut could have left, and each must open as the books before or after the
//     commit that was under way.
//   - Fault loops: the daemon answers claims, or writes a report, while the k-th call fails, for k = 1 until a
//     run passes untouched; after a restart every claim has one answer.
//   - Power cuts: the daemon lives on a disk that is a file; the file is copied at its kill.
//   - Rot: bits of the books are flipped, and the check must name each record.
//   - Pressure: the largest messages as fast as they come, a disk at its floor, a backlog.
//
// The tests run in short form with all others; `make faults` runs them whole. What
// every row of the list of faults comes to is in docs/faults.md, and a test here holds
// that table against the tests it names.
package faults
