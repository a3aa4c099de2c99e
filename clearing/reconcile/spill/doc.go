// Package spill keeps the runs of the matching's sorter in files, so that a day of any
// size is sorted in bounded memory.
//
// A [Dir] makes each run a file of its own that is unlinked as soon as it is open: what a
// crash leaves behind is nothing. Runs are written in blocks with a CRC-32C, which is
// checked when they are read back; a block that is not what was written is [ErrDamaged].
//
// The package leaves out names, recovery and reading a run twice: a match that does not
// come to its end is run again from the books.
package spill
