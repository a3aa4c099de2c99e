package workload

import (
	"iter"
	"time"

	"clearingd/clearing/sim"
	"clearingd/ledger"
)

// Day is the business day of all benchmarks' claims.
var Day = ledger.NewDay(2026, time.November, 20)

// dayChunk is how many claims one day of the samples has. A sample lives in memory as a
// whole, so a large workload takes several; each has a date of its own, because the
// people, stays and message ids of a sample follow from its date.
const dayChunk = 20_000

// Part tells workloads apart that are to meet in the same books: no person, stay or
// message is in two parts.
type Part int

const partDays = 600

// Parts.
const (
	Filling  Part = 0 // what fills the books
	Draining Part = 1 // what is then measured
	Asking   Part = 2 // what is sent one by one
)

// Claims builds count messages, with the usual shares of repeats, refusals and
// reversals among them, in portions of at most 20,000. Their dates lie on [Day] and before.
func Claims(seed uint64, count int, part Part) iter.Seq[[]sim.Message] {
	return func(yield func([]sim.Message) bool) {
		day := Day - ledger.Day(part)*partDays
		for done := 0; done < count; done += dayChunk {
			if !yield(sim.Day(sim.DefaultConfig(seed, min(dayChunk, count-done), day)).Messages) {
				return
			}
			day--
		}
	}
}

// ClaimsOf builds one portion of messages dated so many days before [Day]: the n-th
// day of a period that has days of its own.
func ClaimsOf(seed uint64, count int, daysBefore ledger.Day) iter.Seq[[]sim.Message] {
	return func(yield func([]sim.Message) bool) {
		yield(sim.Day(sim.DefaultConfig(seed, count, Day-daysBefore)).Messages)
	}
}

// All collects a workload that fits the memory.
func All(claims iter.Seq[[]sim.Message]) (all []sim.Message) {
	for portion := range claims {
		all = append(all, portion...)
	}
	return all
}
