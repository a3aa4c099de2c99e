package main

import (
	"flag"
	"time"
)

// sizes are how much is measured. Each can be set by a flag.
type sizes struct {
	Drain       int           // claims of a backlog
	Rounds      int           // turns of everything that is compared
	Answers     time.Duration // how long answers are timed at each rate
	NightDay    int           // claims of the country's day
	NightSmall  int           // claims of a smaller day, for the memory
	NightLarge  int           // claims of a larger day
	PeriodDays  int           // days of the period whose report is made
	PeriodDaily int           // claims of each of its days
	Growth      int           // records in the grown books
	GrowthMax   int           // records in the largest books; 0: none
	Cost        int           // claims whose single steps are timed
	Peers       int           // entries posted by ours and the peers
}

// quick lasts minutes: enough for ratios, not for rare answer times.
var quick = sizes{
	Drain: 20_000, Rounds: 3, Answers: 20 * time.Second,
	NightDay: 31_000, NightSmall: 100_000, NightLarge: 300_000, PeriodDays: 5, PeriodDaily: 3_000,
	Growth: 60_000, Cost: 4_000, Peers: 20_000,
}

// national has the country's day and month, a backlog of a week and a store of a year.
var national = sizes{
	Drain: 200_000, Rounds: 5, Answers: 2 * time.Minute,
	NightDay: 31_000, NightSmall: 100_000, NightLarge: 1_000_000, PeriodDays: 30, PeriodDaily: 31_000,
	Growth: 1_000_000, GrowthMax: 10_000_000, Cost: 20_000, Peers: 200_000,
}

func (s *sizes) flags(fs *flag.FlagSet) {
	for _, f := range []struct {
		name string
		at   *int
		what string
	}{
		{"drain", &s.Drain, "claims of the backlog"},
		{"rounds", &s.Rounds, "turns of what is compared"},
		{"night-day", &s.NightDay, "claims of the country's day"},
		{"night-small", &s.NightSmall, "claims of the smaller day"},
		{"night-large", &s.NightLarge, "claims of the larger day"},
		{"period-days", &s.PeriodDays, "days of the period"},
		{"period-daily", &s.PeriodDaily, "claims of each day of the period"},
		{"growth", &s.Growth, "records of the grown books"},
		{"growth-max", &s.GrowthMax, "records of the largest books; 0 has none"},
		{"cost", &s.Cost, "claims whose steps are timed"},
		{"entries", &s.Peers, "entries posted by ours and the peers"},
	} {
		fs.IntVar(f.at, f.name, *f.at, f.what)
	}
	fs.DurationVar(&s.Answers, "answers", s.Answers, "how long answers are timed at each rate")
}
