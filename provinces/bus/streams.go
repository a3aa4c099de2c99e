package bus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"clearingd/ledger"
)

// Names of the streams of the contract. A claims stream is ClaimsStream(province).
const (
	AnswersStream    = "ANSWERS"
	RegistryStream   = "REGISTRY"
	StatementsStream = "STATEMENTS"
	probeStream      = "PROBE"
	probeSubject     = "clearing.probe"
)

// How long streams keep their messages. Claims are never dropped by age: a clock that
// jumps must not expire what nobody has answered; Archive moves them instead.
const (
	AnswersMaxAge    = 35 * 24 * time.Hour
	StatementsMaxAge = 400 * 24 * time.Hour
)

// SchemaVersion is the version of the stream layout, kept in each stream's metadata.
// A daemon refuses streams of a later version.
const SchemaVersion = 1

const (
	metaSchema  = "clearing_schema"
	metaInstall = "clearing_install"
)

// dedupeWindow is as short as the server allows. Nats-Msg-Id is remembered by stream,
// not by sender: with the usual two minutes one hospital's id would swallow another's
// claim, with an acknowledgement. Uniqueness here is by subject.
const dedupeWindow = 100 * time.Millisecond

// StreamOptions are what an installation decides about its streams. Sizes are bytes
// a stream may hold; a full stream refuses new messages, it never drops old ones.
// 0 leaves the limit as found, and a new stream without one but the broker's own. A
// limit is reserved: the limits of all streams together must fit the broker's MaxStore.
type StreamOptions struct {
	Install  string // identity of the books; streams of other books are refused; "": not checked
	Replicas int    // 1 embedded, 3 in a cluster; 0: as found, 1 for a new stream

	ClaimsMaxBytes     int64 // of each claims stream
	AnswersMaxBytes    int64
	RegistryMaxBytes   int64
	StatementsMaxBytes int64
}

// ClaimsStream is the name of the stream of a treatment province: CLAIMS_31.
func ClaimsStream(treatment ledger.Province) string { return "CLAIMS_" + string(treatment) }

// EnsureStreams makes the streams of the contract, or checks the ones that exist and
// brings what may be changed in line. A difference that must not be changed under
// stored messages is a *SettingError; nothing was changed in that stream then.
func (b *Bus) EnsureStreams(ctx context.Context, treatments []ledger.Province) error {
	for _, want := range b.contract(treatments) {
		if err := b.ensureStream(ctx, want); err != nil {
			return err
		}
	}
	return nil
}

// contract is the table of the streams, as code.
func (b *Bus) contract(treatments []ledger.Province) []jetstream.StreamConfig {
	o := b.streams
	var all []jetstream.StreamConfig
	for _, p := range treatments {
		claims := b.stream(ClaimsStream(p), "claims."+string(p)+".*.*.*", o.ClaimsMaxBytes)
		claims.DenyDelete = true
		all = append(all, oneASubject(claims))
	}
	answers := b.stream(AnswersStream, "answers.>", o.AnswersMaxBytes)
	answers.MaxAge = AnswersMaxAge
	statements := b.stream(StatementsStream, "statements.>", o.StatementsMaxBytes)
	statements.MaxAge = StatementsMaxAge
	probe := b.stream(probeStream, probeSubject, 0)
	probe.MaxMsgs, probe.Discard = 1, jetstream.DiscardOld
	return append(all, oneASubject(answers), b.stream(RegistryStream, "registry.>", o.RegistryMaxBytes), statements, probe)
}

func (b *Bus) stream(name, subjects string, maxBytes int64) jetstream.StreamConfig {
	meta := map[string]string{metaSchema: strconv.Itoa(SchemaVersion)}
	if b.streams.Install != "" {
		meta[metaInstall] = b.streams.Install
	}
	return jetstream.StreamConfig{
		Name: name, Subjects: []string{subjects}, Metadata: meta,
		Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		MaxMsgs: -1, MaxBytes: orDefault(max(maxBytes, 0), -1), MaxMsgsPerSubject: -1,
		MaxMsgSize: MaxPayload, Duplicates: dedupeWindow, Replicas: max(b.streams.Replicas, 1),
		AllowAtomicPublish: true, AllowDirect: true, PersistMode: jetstream.DefaultPersistMode,
	}
}

// oneASubject makes a subject a name that can be given once: no window, no memory
// that a restart could lose.
func oneASubject(c jetstream.StreamConfig) jetstream.StreamConfig {
	c.MaxMsgsPerSubject, c.DiscardNewPerSubject = 1, true
	return c
}

func (b *Bus) ensureStream(ctx context.Context, want jetstream.StreamConfig) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	found, err := b.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = b.js.CreateStream(ctx, want)
	}
	if err != nil {
		return fmt.Errorf("bus: stream %s: %w", want.Name, err)
	}
	if found == nil {
		return nil
	}
	info := found.CachedInfo()
	if err := checkStream(info.Config, want); err != nil {
		return err
	}
	next, changed := align(info.Config, want, b.streams.Replicas)
	if !changed {
		return nil
	}
	if _, err := b.js.UpdateStream(ctx, next); err != nil {
		return fmt.Errorf("bus: stream %s: update: %w", want.Name, err)
	}
	return nil
}

// checkStream finds the first setting that contradicts the contract and cannot be
// changed, or whose change would throw stored messages away.
func checkStream(found, want jetstream.StreamConfig) error {
	for _, s := range []struct {
		name        string
		found, want any
	}{
		{"storage", found.Storage, want.Storage},
		{"retention", found.Retention, want.Retention},
		{"subjects", fmt.Sprint(found.Subjects), fmt.Sprint(want.Subjects)},
		{"max_msgs_per_subject", found.MaxMsgsPerSubject, want.MaxMsgsPerSubject},
		{"persist_mode", found.PersistMode, want.PersistMode},
		{"subject_transform", found.SubjectTransform != nil, false},
		{"mirror", found.Mirror != nil, false},
		{"sources", len(found.Sources), 0},
		{"sealed", found.Sealed, false},
		{"no_ack", found.NoAck, false},
		{"deny_purge", found.DenyPurge, false},
		{"allow_msg_ttl", found.AllowMsgTTL, false},
		{"allow_msg_counter", found.AllowMsgCounter, false},
		{"allow_msg_schedules", found.AllowMsgSchedules, false},
	} {
		if s.found != s.want {
			return &SettingError{Stream: want.Name, Setting: s.name, Found: fmt.Sprint(s.found), Wanted: fmt.Sprint(s.want)}
		}
	}
	return checkMetadata(found, want)
}

func checkMetadata(found, want jetstream.StreamConfig) error {
	if v, ok := found.Metadata[metaSchema]; ok {
		if n, err := strconv.Atoi(v); err != nil || n > SchemaVersion {
			return &SettingError{want.Name, "metadata " + metaSchema, v, "at most " + strconv.Itoa(SchemaVersion)}
		}
	}
	theirs, ours := found.Metadata[metaInstall], want.Metadata[metaInstall]
	if theirs != "" && ours != "" && theirs != ours {
		return &SettingError{want.Name, "metadata " + metaInstall, theirs, ours}
	}
	return nil
}

// align takes the stream as found and changes what the contract fixes; placement,
// compression and the like stay the operator's choice. Replicas 0 leaves them.
func align(found, want jetstream.StreamConfig, replicas int) (jetstream.StreamConfig, bool) {
	next, changed := found, false
	for _, differs := range []bool{
		set(&next.Discard, want.Discard),
		set(&next.DiscardNewPerSubject, want.DiscardNewPerSubject),
		set(&next.MaxMsgs, want.MaxMsgs),
		want.MaxBytes > 0 && set(&next.MaxBytes, want.MaxBytes),
		set(&next.MaxAge, want.MaxAge),
		set(&next.MaxMsgSize, want.MaxMsgSize),
		set(&next.Duplicates, want.Duplicates),
		set(&next.DenyDelete, want.DenyDelete || found.DenyDelete), // cannot be taken back
		set(&next.AllowRollup, want.AllowRollup),
		set(&next.AllowAtomicPublish, want.AllowAtomicPublish),
		set(&next.AllowDirect, want.AllowDirect),
		set(&next.Replicas, orDefault(replicas, found.Replicas)),
	} {
		changed = changed || differs
	}
	next.Metadata = maps.Clone(found.Metadata)
	if next.Metadata == nil {
		next.Metadata = map[string]string{}
	}
	for _, key := range slices.Sorted(maps.Keys(want.Metadata)) {
		if next.Metadata[key] != want.Metadata[key] {
			next.Metadata[key], changed = want.Metadata[key], true
		}
	}
	return next, changed
}

// set assigns and reports whether that changed anything.
func set[T comparable](field *T, value T) bool {
	if *field == value {
		return false
	}
	*field = value
	return true
}
