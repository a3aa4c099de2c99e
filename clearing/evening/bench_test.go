package evening_test

import (
	"context"
	"fmt"
	"testing"

	"clearingd/clearing"
)

// BenchmarkEvening matches a day of 2,000 bills, stated by all three sides, after the
// hospital has stated it again: rows a second of one side, with everything that the store
// has to give and to take.
func BenchmarkEvening(b *testing.B) {
	books := newBooks(b)
	var list []clearing.Record
	for n := range 2_000 {
		list = append(list, books.bill(fmt.Sprint("p", n), 11_000))
	}
	stated := rows(list...)
	books.state(theTreatment, monday, stated...)
	books.state(theHome, monday, stated...)
	books.close(monday)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		books.state(theHospital, monday, stated...)
		b.StartTimer()
		if _, err := books.evening.Run(context.Background(), monday, monday); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(stated))*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
