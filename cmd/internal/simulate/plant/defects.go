package plant

// Defect is a mistake that the tests or the simulator must notice.
type Defect struct {
	Name  string
	What  string
	Edits []Edit
	Test  string // the package and the test that notice it: "./clearing/store TestX"; "": the simulator does
}

// at makes an edit that puts code before a line.
func at(file, line, code string) Edit { return Edit{file, line, code + "\n" + line} }

// Defects are the planted mistakes. Each stays silent until it is switched on.
var Defects = append(ofSimulator, ofTests...)

// ofSimulator are noticed by the simulator, whatever tests notice besides.
var ofSimulator = []Defect{
	{"no-inbox", "after a start every message is taken again", []Edit{
		{"clearing/intake/intake.go", "if item.Sequence <= at.Sequence {", "if item.Sequence <= at.Sequence && !planted.On(\"no-inbox\") {"},
		at("cmd/internal/daemon/streams.go", "\treturn d.bus.Follow(ctx, stream, at.Sequence, func(",
			"\tif planted.On(\"no-inbox\") {\n\t\tat.Sequence = 0\n\t}"),
	}, ""},
	{"acknowledge-before-commit", "a message counts as read before its outcome is on disk", []Edit{
		{"clearing/intake/intake.go", "!planted.On(\"no-inbox\") {", "!planted.On(\"no-inbox\") && !planted.On(\"acknowledge-before-commit\") {"},
		at("clearing/intake/intake.go", "\terr := in.o.Store.Update(func(tx *store.Tx) error {\n\t\trecords = make(",
			`	if planted.On("acknowledge-before-commit") {
		in.o.Store.Update(func(tx *store.Tx) error {
			for _, item := range items {
				at, _ := tx.Position(item.Stream)
				at.Sequence = max(at.Sequence, item.Sequence)
				tx.SetPosition(item.Stream, at)
			}
			return nil
		})
		time.Sleep(20 * time.Millisecond)
	}`),
	}, ""},
	{"wrong-rounding", "fen are cut off instead of rounded half up", []Edit{
		at("clearing/benefit/ratio.go", "\tlo, carry := bits.Add64(lo, uint64(c)/2, 0)",
			"\tif planted.On(\"wrong-rounding\") {\n\t\tquotient, _ := bits.Div64(hi%uint64(c), lo, uint64(c))\n\t\treturn int64(quotient)\n\t}"),
	}, ""},
	{"payer-payee-swapped", "the treatment region owes the home region", []Edit{
		at("clearing/undo.go", "\tpayable := receivable",
			"\tif planted.On(\"payer-payee-swapped\") {\n\t\treceivable.Home, receivable.Treatment = receivable.Treatment, receivable.Home\n\t}"),
	}, ""},
	{"layer-skipped", "the second layer of a plan pays nothing", []Edit{
		at("clearing/benefit/bill.go", "\t\tif err := b.layer(i, l); err != nil {",
			"\t\tif i == 1 && planted.On(\"layer-skipped\") {\n\t\t\tcontinue\n\t\t}"),
	}, ""},
	{"message-dropped", "every hundredth message goes without an answer", []Edit{
		{"clearing/intake/intake.go", "\tif item.Sequence <= at.Sequence", "\tif planted.Every(\"message-dropped\", 100) {\n\t\tat.Sequence = item.Sequence\n\t\ttx.SetPosition(item.Stream, at)\n\t\treturn nil, nil\n\t}\n\tif item.Sequence <= at.Sequence"},
	}, ""},
	{"other-bytes", "an answer that is published again has other bytes", []Edit{
		{"cmd/internal/daemon/outbox.go", "\t\t\t\tanswers = append(answers, r.Envelope())",
			"\t\t\t\tagain := r.Envelope()\n\t\t\t\tif planted.On(\"other-bytes\") {\n\t\t\t\t\tagain.Body = append(append([]byte{}, again.Body...), ' ')\n\t\t\t\t}\n\t\t\t\tanswers = append(answers, again)"},
	}, ""},
	{"cut-off-by-clock", "a day that ends by hand takes its messages by the clock", []Edit{
		{"clearing/intake/intake.go", "\tif in.o.Manual {\n\t\treturn 0", "\tif in.o.Manual && !planted.On(\"cut-off-by-clock\") {\n\t\treturn 0"},
	}, ""},
	{"one-fen-tolerance", "a bill may be a fen off, for both who check it", []Edit{
		{"provinces/nhsa/claim.go", "\tif parts != c.Total {", "\tif parts != c.Total && !(planted.On(\"one-fen-tolerance\") && parts-c.Total <= 1 && c.Total-parts <= 1) {"},
		{"clearing/benefit/set.go", "c.InScope; sum != c.Total {", "c.InScope; sum != c.Total && !(planted.On(\"one-fen-tolerance\") && sum-c.Total <= 1 && c.Total-sum <= 1) {"},
	}, ""},
	{"cancellation-without-sign", "what a cancellation posts has the sign of the booking", []Edit{
		{"ledger/entry.go", "Posting{Account: p.Account, Amount: -p.Amount}", "Posting{Account: p.Account, Amount: signed(-p.Amount)}"},
		{"ledger/entry.go", "// Balance is the running state", "func signed(a Amount) Amount {\n\tif planted.On(\"cancellation-without-sign\") {\n\t\treturn -a\n\t}\n\treturn a\n}\n\n// Balance is the running state"},
	}, ""},
	{"year-forgotten", "a bill does not count for the next one of its year", []Edit{
		at("clearing/settle.go", "\tw.decision.Years = standingYears(r)", "\tif !planted.On(\"year-forgotten\") {"),
		{"clearing/settle.go", "\tw.decision.Years = standingYears(r)", "\tw.decision.Years = standingYears(r)\n\t}"},
	}, ""},
	{"mark-forgotten", "a claim whose reversal came first is booked all the same", []Edit{
		at("clearing/undo.go", "\tw.decision.Mark = subject.Key()", "\tif !planted.On(\"mark-forgotten\") {"),
		{"clearing/undo.go", "\tw.decision.Mark = subject.Key()", "\tw.decision.Mark = subject.Key()\n\t}"},
	}, ""},
	{"any-may-go", "a bill can be cancelled while a later one of the year stands", []Edit{
		{"clearing/undo.go", "case state.Last != original.Number && !w.Refold", "case planted.On(\"any-may-go\"):\n\t\tcase state.Last != original.Number && !w.Refold"},
	}, ""},
	{"digest-of-other-bytes", "the answer's digest is not that of the exact bytes", []Edit{
		{"clearing/answer.go", "hex.EncodeToString(r.Digest[:])", "hex.EncodeToString(digestOf(r.Digest))"},
		{"clearing/answer.go", "// Envelope is the record's answer", "func digestOf(d [32]byte) []byte {\n\tif planted.On(\"digest-of-other-bytes\") {\n\t\td[0]++\n\t}\n\treturn d[:]\n}\n\n// Envelope is the record's answer"},
	}, ""},
	{"identity-repeated", "a refusal repeats what stood in a member", []Edit{
		{"provinces/nhsa/reader.go", "\tif harmless(n.text) {", "\tif harmless(n.text) || planted.On(\"identity-repeated\") {"},
	}, ""},
	{"head-is-whole", "how far a party is complete counts from the head of its statement on, not from its last part", []Edit{
		at("clearing/store/statements.go", "\treturn put(tx.raw.Bucket(bucketStatements), statementKey(record.Party, record.ID), record)",
			"\tif record.Head != 0 && planted.On(\"head-is-whole\") {\n\t\tif err := tx.noteHorizon(record); err != nil {\n\t\t\treturn err\n\t\t}\n\t}"),
	}, ""},
	{"wrong-total-taken", "a statement whose total is not the sum of its rows is applied", []Edit{
		{"clearing/statement_check.go", "\t\tif rows != stated {", "\t\tif rows != stated && !planted.On(\"wrong-total-taken\") {"},
	}, ""},
	{"act-done-again", "an order that comes again is carried out again", []Edit{
		{"clearing/act.go", "\tcase before.Digest == digest:", "\tcase planted.On(\"act-done-again\"):\n\t\treturn nil\n\tcase before.Digest == digest:"},
		{"clearing/act_target.go", "\tcase hex.EncodeToString(t.object[:]) != a.given.Object:", "\tcase hex.EncodeToString(t.object[:]) != a.given.Object && !planted.On(\"act-done-again\"):"},
	}, ""},
	{"break-lost", "a day that is matched again loses the first of its breaks", []Edit{
		{"clearing/evening/evening.go", "\t\tfound = append(found, r.found[day]...)", "\t\tif planted.On(\"break-lost\") && len(r.previous) > 0 && len(r.found[day]) > 0 {\n\t\t\tr.found[day] = r.found[day][1:]\n\t\t}\n\t\tfound = append(found, r.found[day]...)"},
	}, ""},
	{"floor-ignored", "the intake goes on below the disk's floor", []Edit{
		{"cmd/internal/daemon/show.go", "\tlow := free < d.cfg.Disk.FloorBytes", "\tlow := free < d.cfg.Disk.FloorBytes && !planted.On(\"floor-ignored\")"},
	}, ""},
}
