package plant

// ofTests are noticed by the test they name: no simulated day comes across them.
var ofTests = []Defect{
	{"lost-bucket-made-anew", "a bucket that is lost is taken for an older layout", []Edit{
		{"clearing/store/layout.go", "\t\tif tx.Bucket(name) == nil {\n\t\t\treturn m,", "\t\tif planted.On(\"lost-bucket-made-anew\") {\n\t\t\tm.Format = 0\n\t\t}\n\t\tif tx.Bucket(name) == nil && !planted.On(\"lost-bucket-made-anew\") {\n\t\t\treturn m,"},
	}, "./clearing/store TestALostBucketIsDamage"},
	{"older-books-written-by-reading", "books of an older layout pass for whole when they are read", []Edit{
		{"clearing/store/open.go", "\tif s.db.IsReadOnly() {", "\tif s.db.IsReadOnly() && planted.On(\"older-books-written-by-reading\") {\n\t\treturn nil\n\t}\n\tif s.db.IsReadOnly() {"},
	}, "./clearing/store TestOlderBooksAreNotChangedByReading"},
	{"damaged-cut-is-none", "a cut-off that cannot be read counts as not decided", []Edit{
		{"clearing/store/day.go", "\tif err != nil || stored == nil {\n\t\treturn 0, false, err", "\tif planted.On(\"damaged-cut-is-none\") && err != nil {\n\t\terr, stored = nil, nil\n\t}\n\tif err != nil || stored == nil {\n\t\treturn 0, false, err"},
	}, "./clearing/store TestADamagedCutIsAnError"},
	{"lost-stream-stays-lost", "a stream that a start of the broker has lost is not put back", []Edit{
		{"provinces/bus/keep.go", "\tlost, err := k.missing(goesOn)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n", "\tlost, err := k.missing(goesOn)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\tif planted.On(\"lost-stream-stays-lost\") {\n\t\tlost = nil\n\t}\n"},
	}, "./provinces/bus TestALossBeforeAKillIsMadeGood"},
	{"half-a-stream-passes", "a stream of which a start has left a part passes for whole", []Edit{
		{"provinces/bus/keep.go", "\treturn err != nil || slices.ContainsFunc(append(files,", "\tif planted.On(\"half-a-stream-passes\") && hasMessages(place) {\n\t\treturn false\n\t}\n\treturn err != nil || slices.ContainsFunc(append(files,"},
	}, "./provinces/bus TestARemovalThatAKillHasInterruptedIsMadeGood"},
	{"remade-unlike-sealed", "a report that is made again need not be the sealed one", []Edit{
		{"clearing/night/remake.go", "\tif len(differ) > 0 {", "\tif len(differ) > 0 && !planted.On(\"remade-unlike-sealed\") {"},
	}, "./cmd/internal/daemon TestALostReportIsMadeAgain"},
	{"half-a-report", "a report's file that could not be written counts as written", []Edit{
		{"clearing/night/files.go", "\treturn f.file.Write(b)", "\tn, err := f.file.Write(b)\n\tif planted.On(\"half-a-report\") {\n\t\treturn len(b), nil\n\t}\n\treturn n, err"},
	}, "./cmd/internal/faults TestTheKthCallOnAReportFails"},
	{"broker-unsynced", "the embedded broker acknowledges what is not on disk", []Edit{
		{"provinces/bus/server.go", "\topts.SyncAlways = true", "\topts.SyncAlways = !planted.On(\"broker-unsynced\")"},
	}, "./cmd/internal/faults TestAPowerCutLosesNothingAcknowledged"},
	{"broker-trusted", "a broker that does not sync is taken for one that does", []Edit{
		{"provinces/bus/sync.go", "\treturn true, jsz.Data.Config.SyncAlways", "\treturn true, jsz.Data.Config.SyncAlways || planted.On(\"broker-trusted\")"},
	}, "./cmd/internal/daemon TestAnExternalBrokerThatDoesNotSync"},
	{"expiry-unsaid", "a certificate expires and nobody is told before", []Edit{
		{"cmd/internal/daemon/expiry.go", "\t\tif days < s {", "\t\tif days < s && (s == 0 || !planted.On(\"expiry-unsaid\")) {"},
	}, "./cmd/internal/daemon TestExpiryIsSaidInTime"},
	{"search-given-up", "a list ends where its search was cut short", []Edit{
		{"cmd/internal/daemon/pages.go", "\tif end < last {", "\tif end < last && !planted.On(\"search-given-up\") {"},
	}, "./cmd/internal/daemon TestASearchIsBounded"},
	{"password-ignored", "the daemon logs in as nobody although it has a password", []Edit{
		{"provinces/bus/login.go", "\treturn nats.UserInfoHandler(", "\tif planted.On(\"password-ignored\") {\n\t\treturn func(*nats.Options) error { return nil }, nil\n\t}\n\treturn nats.UserInfoHandler("},
	}, "./provinces/bus TestDaemonLogsInByEveryKind"},
}
