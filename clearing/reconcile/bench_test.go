package reconcile

import (
	"fmt"
	"runtime"
	"testing"
)

// A day is read and sorted, and then matched; what it costs beside reading and sorting
// alone is the match.
func BenchmarkMatch(b *testing.B) {
	for _, count := range []int{100_000, 1_000_000} {
		for _, what := range []string{"sort", "match"} {
			b.Run(fmt.Sprintf("%s/%d", what, count), func(b *testing.B) {
				for range b.N {
					day(b, count, what == "match")
				}
			})
		}
	}
}

func day(b *testing.B, count int, match bool) {
	in := Inputs{Runs: MemoryRuns{}, Word: func(Side, *Item) Said { return everything }}
	open := func(s Side) Stream {
		sorter := NewSorter(in.Runs)
		for n := range count {
			i := bill(uint64((n*7919)%count+1), 100_00)
			if s != 0 {
				i = row(i, s, n)
			}
			if err := sorter.Add(&i); err != nil {
				b.Fatal(err)
			}
		}
		stream, err := sorter.Sorted()
		if err != nil {
			b.Fatal(err)
		}
		return stream
	}
	in.Books = open(0)
	for _, s := range Sides {
		in.Sides[s] = open(s)
	}
	runtime.GC()
	if match {
		if _, err := Match(in, func(*Result) error { return nil }); err != nil {
			b.Fatal(err)
		}
		return
	}
	var i Item
	for _, s := range in.Sides {
		for s != nil {
			if more, err := s.Next(&i); err != nil || !more {
				break
			}
		}
	}
}
