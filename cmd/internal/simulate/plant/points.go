package plant

// Point is a named place at which the process can kill itself.
type Point struct {
	Name string
	What string // what has happened there, and what has not
	Edit Edit
}

// Points are the places between two promises.
var Points = []Point{
	{"created", "the books are written under another name, and not renamed", Edit{
		"clearing/store/open.go",
		"\tif err := os.Rename(draft, path); err != nil {",
		"\tplanted.Point(\"created\")\n\tif err := os.Rename(draft, path); err != nil {",
	}},
	{"adopted", "a stream has its place in the books, the next may not", Edit{
		"cmd/internal/daemon/streams.go",
		"\t\terr = d.store.Update(func(tx *store.Tx) error { return adopt(tx, stream, state, open) })",
		"\t\terr = d.store.Update(func(tx *store.Tx) error { return adopt(tx, stream, state, open) })\n\t\tplanted.Point(\"adopted\")",
	}},
	{"decided", "a batch is decided and not committed", Edit{
		"clearing/store/open.go",
		"\tif err := raw.Commit(); err != nil {",
		"\tplanted.Point(\"decided\")\n\tif err := raw.Commit(); err != nil {",
	}},
	{"committed", "a batch is on disk, nobody has been told", Edit{
		"clearing/intake/intake.go",
		"\tin.o.Observe(Event{Records: records, Passed: len(items) - len(records), Took: time.Since(began)})",
		"\tplanted.Point(\"committed\")\n\tin.o.Observe(Event{Records: records, Passed: len(items) - len(records), Took: time.Since(began)})",
	}},
	{"publishing", "answers wait in the outbox", Edit{
		"cmd/internal/daemon/outbox.go",
		"\t\tif err := o.bus.PublishAnswers(ctx, answers); err != nil {",
		"\t\tplanted.Point(\"publishing\")\n\t\tif err := o.bus.PublishAnswers(ctx, answers); err != nil {",
	}},
	{"republishing", "after a start, some lost answers are out again and some are not", Edit{
		"cmd/internal/daemon/outbox.go",
		"\t\t\tcount += len(answers)",
		"\t\t\tplanted.Point(\"republishing\")\n\t\t\tcount += len(answers)",
	}},
	{"freezing", "the last sequences of a day are read, not stored", Edit{
		"cmd/internal/daemon/closing.go",
		"\treturn c.store.Update(func(tx *store.Tx) error {\n\t\tfor stream, last := range cuts {",
		"\tplanted.Point(\"freezing\")\n\treturn c.store.Update(func(tx *store.Tx) error {\n\t\tfor stream, last := range cuts {",
	}},
	{"gathered", "the last part of a statement is noted, the statement is not decided", Edit{
		"clearing/intake/statements.go",
		"\t\t\tif err := s.decideWhole(ctx, whole); err != nil {",
		"\t\t\tplanted.Point(\"gathered\")\n\t\t\tif err := s.decideWhole(ctx, whole); err != nil {",
	}},
	{"stated", "a statement's rows are on disk, it is not in force", Edit{
		"clearing/intake/statements.go",
		"\terr := s.o.Store.Update(func(tx *store.Tx) error {\n\t\tif err := tx.DecideStatement(record); err != nil {",
		"\tplanted.Point(\"stated\")\n\terr := s.o.Store.Update(func(tx *store.Tx) error {\n\t\tif err := tx.DecideStatement(record); err != nil {",
	}},
	{"matched", "the days of an evening are matched, nothing of it is on disk", Edit{
		"clearing/evening/evening.go",
		"\tchanged := r.mark(changes.Breaks, found)",
		"\tplanted.Point(\"matched\")\n\tchanged := r.mark(changes.Breaks, found)",
	}},
	{"carried", "the breaks of an evening are on disk, what its days came to is not", Edit{
		"clearing/evening/evening.go",
		"\treturn r.update(func(tx *store.Tx) error {\n\t\tfor _, day := range slices.Sorted(maps.Keys(r.results)) {",
		"\tplanted.Point(\"carried\")\n\treturn r.update(func(tx *store.Tx) error {\n\t\tfor _, day := range slices.Sorted(maps.Keys(r.results)) {",
	}},
	{"ordered", "an officer's act is on disk, nobody has been told", Edit{
		"clearing/intake/instruct.go",
		"\treturn booked, in.publish([]provinces.Envelope{booked.Envelope()})",
		"\tplanted.Point(\"ordered\")\n\treturn booked, in.publish([]provinces.Envelope{booked.Envelope()})",
	}},
	{"reported", "a day's report is written under another name", Edit{
		"clearing/night/files.go",
		"\tif err := errors.Join(syncDir(draft), os.RemoveAll(dir),",
		"\tplanted.Point(\"reported\")\n\tif err := errors.Join(syncDir(draft), os.RemoveAll(dir),",
	}},
	{"sealing", "a day's report is in its place, the day is not sealed", Edit{
		"clearing/night/night.go",
		"\t\tif err := state.Seal.Close(); err != nil {",
		"\t\tplanted.Point(\"sealing\")\n\t\tif err := state.Seal.Close(); err != nil {",
	}},
}
