package lab_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"clearingd/clearing/benefit"
	"clearingd/clearing/lab"
	"clearingd/clearing/sim"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/data"
)

// BenchmarkRun computes a month of Xinjiang's people again: bills a second, and what stays in
// memory for each person-year.
func BenchmarkRun(b *testing.B) {
	plans, err := benefit.LoadFS(data.Plans)
	if err != nil {
		b.Fatal(err)
	}
	adapters, err := data.Adapters()
	if err != nil {
		b.Fatal(err)
	}
	books := newBooks(b, plans, adapters)
	sample := sim.SouthernMonth(sim.SouthernConfig{Seed: 1, First: ledger.NewDay(2016, time.November, 1), Count: 3000})
	messages := make([]provinces.Message, len(sample.Messages))
	for i, m := range sample.Messages {
		subject, err := provinces.ParseSubject(m.Subject)
		if err != nil {
			b.Fatal(err)
		}
		messages[i] = provinces.Message{Stream: subject.Treatment, Subject: m.Subject, Body: m.Body}
	}
	books.commit(messages...)
	books.closeDay(firstDay)
	b.ResetTimer()
	bills, years := 0, 0
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		result, err := lab.Run(context.Background(), lab.Options{Books: books.store, Draft: plans, Progress: func(done, total uint64) {
			if done == total {
				b.StopTimer()
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.StartTimer()
			}
		}})
		if err != nil || result.Total.Changed != 0 {
			b.Fatalf("%v, %+v", err, result.Total)
		}
		bills, years = bills+int(result.Total.Bills), result.PersonYears
	}
	b.ReportMetric(float64(bills)/b.Elapsed().Seconds(), "bills/s")
	b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/float64(years), "bytes/person-year")
}
