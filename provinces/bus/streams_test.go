package bus

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

// TestStreamsAreTheContract compares what the broker reports with design section 4,
// written out again by hand.
func TestStreamsAreTheContract(t *testing.T) {
	f := newBench(t, StreamOptions{Install: "books-1", ClaimsMaxBytes: 1 << 20, AnswersMaxBytes: 2 << 20})
	const day = 24 * time.Hour
	common := jetstream.StreamConfig{
		Retention: jetstream.LimitsPolicy, Storage: jetstream.FileStorage, Discard: jetstream.DiscardNew,
		MaxMsgs: -1, MaxConsumers: -1, MaxMsgSize: 1 << 20, MaxMsgsPerSubject: -1, MaxBytes: -1, Replicas: 1,
		Duplicates: 100 * time.Millisecond, AllowAtomicPublish: true, AllowDirect: true,
	}
	claims := func(name, subjects string) jetstream.StreamConfig {
		c := common
		c.Name, c.Subjects = name, []string{subjects}
		c.MaxMsgsPerSubject, c.DiscardNewPerSubject, c.DenyDelete, c.MaxBytes = 1, true, true, 1<<20
		return c
	}
	answers, registry, statements := common, common, common
	answers.Name, answers.Subjects, answers.MaxAge = "ANSWERS", []string{"answers.>"}, 35*day
	answers.MaxMsgsPerSubject, answers.DiscardNewPerSubject, answers.MaxBytes = 1, true, 2<<20
	registry.Name, registry.Subjects = "REGISTRY", []string{"registry.>"}
	statements.Name, statements.Subjects, statements.MaxAge = "STATEMENTS", []string{"statements.>"}, 400*day

	for _, want := range []jetstream.StreamConfig{
		claims("CLAIMS_31", "claims.31.*.*.*"), claims("CLAIMS_11", "claims.11.*.*.*"), answers, registry, statements,
	} {
		stream, err := f.js.Stream(t.Context(), want.Name)
		if err != nil {
			t.Errorf("%s: %v", want.Name, err)
			continue
		}
		found := stream.CachedInfo().Config
		if diff := cmp.Diff(want, found, cmpopts.IgnoreFields(jetstream.StreamConfig{}, "Metadata")); diff != "" {
			t.Errorf("%s (-want +found):\n%s", want.Name, diff)
		}
		if found.Metadata["clearing_schema"] != "1" || found.Metadata["clearing_install"] != "books-1" {
			t.Errorf("%s: metadata %v", want.Name, found.Metadata)
		}
	}
}

func TestExistingStreams(t *testing.T) {
	wanted := func(f *bench) jetstream.StreamConfig { return f.contract(provincesOfTest)[0] }
	for name, c := range map[string]struct {
		exists  func(*jetstream.StreamConfig)
		setting string // of the refusal; "": brought in line
	}{
		"as wanted":           {func(*jetstream.StreamConfig) {}, ""},
		"drops by age":        {func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }, ""},
		"drops old when full": {func(c *jetstream.StreamConfig) { c.Discard, c.DiscardNewPerSubject = jetstream.DiscardOld, false }, ""},
		"lets messages go":    {func(c *jetstream.StreamConfig) { c.DenyDelete = false }, ""},
		"smaller messages":    {func(c *jetstream.StreamConfig) { c.MaxMsgSize = 1024 }, ""},
		"no batches":          {func(c *jetstream.StreamConfig) { c.AllowAtomicPublish = false }, ""},
		"without metadata":    {func(c *jetstream.StreamConfig) { c.Metadata = nil }, ""},
		"in memory":           {func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage }, "storage"},
		"a work queue":        {func(c *jetstream.StreamConfig) { c.Retention = jetstream.WorkQueuePolicy }, "retention"},
		"other subjects":      {func(c *jetstream.StreamConfig) { c.Subjects = []string{"claims.31.>"} }, "subjects"},
		"several a subject":   {func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 5 }, "max_msgs_per_subject"},
		"purge denied":        {func(c *jetstream.StreamConfig) { c.DenyPurge = true }, "deny_purge"},
		"messages may expire": {func(c *jetstream.StreamConfig) { c.AllowMsgTTL = true }, "allow_msg_ttl"},
		"written asynchronously": {func(c *jetstream.StreamConfig) {
			c.PersistMode, c.AllowAtomicPublish = jetstream.AsyncPersistMode, false
		}, "persist_mode"},
		"of other books":     {func(c *jetstream.StreamConfig) { c.Metadata["clearing_install"] = "books-2" }, "metadata clearing_install"},
		"of a later version": {func(c *jetstream.StreamConfig) { c.Metadata["clearing_schema"] = "2" }, "metadata clearing_schema"},
		"with a subject transform": {func(c *jetstream.StreamConfig) {
			c.SubjectTransform = &jetstream.SubjectTransformConfig{Source: "claims.31.*.*.*", Destination: "other.{{wildcard(1)}}.{{wildcard(2)}}.{{wildcard(3)}}"}
		}, "subject_transform"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newBench(t, StreamOptions{Install: "books-1"})
			f.deleteStream()
			config := wanted(f)
			c.exists(&config)
			if _, err := f.js.CreateStream(t.Context(), config); err != nil {
				t.Fatal(err)
			}
			err := f.EnsureStreams(t.Context(), provincesOfTest)
			if c.setting != "" {
				var refused *SettingError
				if !errors.As(err, &refused) || refused.Setting != c.setting || refused.Stream != "CLAIMS_31" || refused.Found == refused.Wanted {
					t.Fatalf("got %v, want a refusal of %s", err, c.setting)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			stream, err := f.js.Stream(t.Context(), "CLAIMS_31")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wanted(f), stream.CachedInfo().Config, cmpopts.IgnoreFields(jetstream.StreamConfig{}, "Metadata", "MaxConsumers")); diff != "" {
				t.Errorf("not brought in line (-want +found):\n%s", diff)
			}
		})
	}
}

func TestBrokerSyncsAlways(t *testing.T) {
	f := newBench(t)
	jsz, err := f.server.nats.Jsz(&server.JSzOptions{})
	if err != nil || !jsz.Config.SyncAlways || !f.server.SyncAlways() {
		t.Errorf("the broker does not report sync_always: %v", err)
	}
	if known, _ := f.SyncAlways(t.Context()); known {
		t.Error("an external broker told a client of an ordinary account")
	}
	inside, err := Connect(t.Context(), ConnectOptions{Server: f.server})
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	if known, always := inside.SyncAlways(t.Context()); !known || !always {
		t.Errorf("embedded: known %v, always %v", known, always)
	}
}

func TestHealthAndRoundTrip(t *testing.T) {
	f := newBench(t)
	if err := errors.Join(f.server.Healthy(), f.RoundTrip(t.Context())); err != nil || !f.Connected() {
		t.Errorf("running: %v", err)
	}
	f.stop()
	f.server.Shutdown() // harmless
	if f.server.Healthy() == nil || f.RoundTrip(t.Context()) == nil {
		t.Error("a stopped broker is said to be well")
	}
	if _, _, err := f.PublishClaim(t.Context(), claim(1), nil); err == nil {
		t.Error("published to a stopped broker")
	}
	f.startAgain()
	if err := errors.Join(f.server.Healthy(), f.RoundTrip(t.Context())); err != nil {
		t.Errorf("started again: %v", err)
	}
}

func TestServerRefusesBadOptions(t *testing.T) {
	f := newBench(t)
	for name, o := range map[string]ServerOptions{
		"a taken port":      {StoreDir: t.TempDir(), Port: f.port},
		"no directory":      {},
		"tiny store":        {StoreDir: t.TempDir(), MaxStore: 1},
		"no such config":    {StoreDir: t.TempDir(), ConfigFile: "/does/not/exist"},
		"not our directory": {StoreDir: "/proc/nothing"},
	} {
		if s, err := StartServer(o); !errors.Is(err, ErrStart) {
			t.Errorf("%s: %v", name, err)
			if s != nil {
				s.Shutdown()
			}
		}
	}
}
