package bus

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/nats-io/nats.go"

	"clearingd/ledger"
	"clearingd/provinces"
)

// tomorrow ends today for the archive, which only takes whole days.
func tomorrow() time.Time { return time.Now().Add(24 * time.Hour) }

// all reads a file's messages.
func all(t *testing.T, path string) (messages []ArchivedMessage) {
	t.Helper()
	for m, err := range ReadArchive(path) {
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, m)
	}
	return messages
}

func TestArchiveMovesExactBytes(t *testing.T) {
	f := newBench(t)
	want := []ArchivedMessage{
		{Header: map[string][]string{"X-Sender": {"a", "b"}}, Message: provinces.Message{Body: []byte("with headers \x00\xff\n")}},
		{Message: provinces.Message{Body: []byte{}}},
		{Message: provinces.Message{Body: []byte(`{"a":"<&>"}`)}},
	}
	for i := range want {
		m := &nats.Msg{Subject: claim(i), Data: want[i].Body, Header: want[i].Header}
		if err := f.store(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	_ = f.Follow(soon(t), shanghai, 0, func(batch []provinces.Message) error {
		for _, m := range batch {
			body := want[m.Sequence-1].Body
			want[m.Sequence-1].Message = m
			want[m.Sequence-1].Body = body
		}
		if batch[len(batch)-1].Sequence == 3 {
			return errDone
		}
		return nil
	})
	o := ArchiveOptions{Dir: filepath.Join(t.TempDir(), "deep", "archive"), Before: tomorrow(), UpTo: 3}
	result, err := f.Archive(soon(t), shanghai, o)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(o.Dir, "CLAIMS_31", ledger.DayOf(time.Now().In(china)).String()+".ndjson.zst")
	if diff := cmp.Diff(ArchiveResult{Files: []string{path}, First: 1, Last: 3, Messages: 3}, result); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, all(t, path)); diff != "" {
		t.Errorf("archived (-want +got):\n%s", diff)
	}
	if state, err := f.ClaimsState(t.Context(), shanghai); state.First != 4 || state.Last != 3 || err != nil {
		t.Errorf("stream afterwards: %+v, %v", state, err)
	}
	if names, _ := filepath.Glob(filepath.Join(o.Dir, "CLAIMS_31", ".*")); len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
	f.publish(10, 10) // the stream goes on with its numbers
	seen := make(collector, 4)
	f.follow(3, seen.take)
	seen.expect(t, 4, 4)
}

func TestArchiveLeavesWhatIsNotDue(t *testing.T) {
	f := newBench(t)
	f.publish(1, 3)
	for name, o := range map[string]ArchiveOptions{
		"not answered to the day's end": {Before: tomorrow(), UpTo: 2},
		"nothing answered":              {Before: tomorrow(), UpTo: 0},
		"the day is not over":           {Before: time.Now(), UpTo: 3},
		"long ago":                      {Before: time.Now().Add(-35 * 24 * time.Hour), UpTo: 3},
	} {
		o.Dir = t.TempDir()
		result, err := f.Archive(soon(t), shanghai, o)
		state, _ := f.ClaimsState(t.Context(), shanghai)
		files, _ := filepath.Glob(filepath.Join(o.Dir, "*", "*"))
		if err != nil || len(result.Files)+result.Messages+len(files) != 0 || state.First != 1 {
			t.Errorf("%s: %+v, %v, files %v, stream %+v", name, result, err, files, state)
		}
	}
}

// TestArchiveSurvivesAKill stops after each step and calls again.
func TestArchiveSurvivesAKill(t *testing.T) {
	today := ledger.DayOf(time.Now().In(china))
	step := func(f *bench, dir string) *archiver {
		state, err := f.ClaimsState(t.Context(), shanghai)
		if err != nil {
			t.Fatal(err)
		}
		return &archiver{bus: f.Bus, stream: "CLAIMS_31", created: state.Created, end: state.Last, answered: state.Last,
			until: today + 1, dir: filepath.Join(dir, "CLAIMS_31")}
	}
	for name, killed := range map[string]func(*testing.T, *bench, string){
		"while writing": func(t *testing.T, f *bench, dir string) {
			if err := makeDir(filepath.Join(dir, "CLAIMS_31")); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "CLAIMS_31", ".day.tmp"), []byte("half a fi"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"between writing and renaming": func(t *testing.T, f *bench, dir string) {
			a := step(f, dir)
			w, err := a.copyDay(t.Context(), 1, filepath.Join(dir, ".day.tmp"))
			if err == nil {
				_, err = w.finish()
			}
			if err != nil {
				t.Fatal(err)
			}
		},
		"between renaming and purging": func(t *testing.T, f *bench, dir string) {
			if _, path, err := step(f, dir).writeDay(t.Context(), 1); path == "" || err != nil {
				t.Fatal(path, err)
			}
			if state, _ := f.ClaimsState(t.Context(), shanghai); state.First != 1 {
				t.Fatalf("purged too early: %+v", state)
			}
		},
		"after purging": func(t *testing.T, f *bench, dir string) {
			a := step(f, dir)
			if _, _, err := a.writeDay(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			if err := a.purge(t.Context(), 3); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, dir := newBench(t), t.TempDir()
			f.publish(1, 3)
			killed(t, f, dir)
			if _, err := f.Archive(soon(t), shanghai, ArchiveOptions{Dir: dir, Before: tomorrow(), UpTo: 3}); err != nil {
				t.Fatal(err)
			}
			files, _ := filepath.Glob(filepath.Join(dir, "CLAIMS_31", "*.zst"))
			if len(files) != 1 || len(all(t, files[0])) != 3 {
				t.Errorf("archive holds %v", files)
			}
			if state, _ := f.ClaimsState(t.Context(), shanghai); state.First != 4 {
				t.Errorf("stream is %+v", state)
			}
		})
	}
}

func TestArchiveNeverOverwrites(t *testing.T) {
	f, dir := newBench(t), t.TempDir()
	o := ArchiveOptions{Dir: dir, Before: tomorrow(), UpTo: 100}
	f.publish(1, 2)
	first, err := f.Archive(soon(t), shanghai, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("more of the same day goes beside", func(t *testing.T) {
		f.publish(3, 4)
		second, err := f.Archive(soon(t), shanghai, o)
		if err != nil || len(second.Files) != 1 || second.Files[0] == first.Files[0] || len(all(t, second.Files[0])) != 2 || len(all(t, first.Files[0])) != 2 {
			t.Errorf("%+v, %v", second, err)
		}
	})
	t.Run("other content under the same numbers stops it", func(t *testing.T) {
		f.publish(5, 6)
		state, err := f.ClaimsState(t.Context(), shanghai)
		if err != nil {
			t.Fatal(err)
		}
		day := ledger.DayOf(time.Now().In(china))
		w, err := newArchiveWriter(filepath.Join(dir, "CLAIMS_31", archiveName(day, 3)),
			ArchiveInfo{Stream: "CLAIMS_31", Created: state.Created, Day: day, First: 6})
		if err == nil {
			err = w.add(ArchivedMessage{Message: provinces.Message{Sequence: 6, Body: []byte("other")}})
		}
		if err == nil {
			_, err = w.finish()
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Archive(soon(t), shanghai, o); !errors.Is(err, ErrArchiveConflict) {
			t.Errorf("got %v", err)
		}
		if state, _ := f.ClaimsState(t.Context(), shanghai); state.First != 5 {
			t.Errorf("purged: %+v", state)
		}
	})
}

func TestArchiveStopsAtAHole(t *testing.T) {
	f, dir := newBench(t), t.TempDir()
	f.publishWithHole(1, 4, 3)
	var gap ErrGap
	if _, err := f.Archive(soon(t), shanghai, ArchiveOptions{Dir: dir, Before: tomorrow(), UpTo: 4}); !errors.As(err, &gap) || gap.Expected != 3 {
		t.Errorf("got %v", err)
	}
	if state, _ := f.ClaimsState(t.Context(), shanghai); state.First != 1 {
		t.Errorf("purged: %+v", state)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*", "*")); len(files) != 0 {
		t.Errorf("left %v", files)
	}
}

// TestArchiveFileShowsForgery changes the lines and compresses them anew, so that only
// the archive's own digests can tell.
func TestArchiveFileShowsForgery(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.zst")
	w, err := newArchiveWriter(path, ArchiveInfo{Stream: "CLAIMS_31", First: 7})
	for n := uint64(7); n <= 9 && err == nil; n++ {
		err = w.add(ArchivedMessage{Message: provinces.Message{Sequence: n, Subject: claim(int(n)), Body: []byte("body")}})
	}
	if err == nil {
		_, err = w.finish()
	}
	if err != nil {
		t.Fatal(err)
	}
	file := decompress(t, path)
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer encoder.Close()
	lines := bytes.SplitAfter(bytes.TrimSuffix(file, []byte("\n")), []byte("\n")) // head, 7, 8, 9, tail
	for name, forged := range map[string][][]byte{
		"another subject":     {lines[0], bytes.Replace(lines[1], []byte(".M7"), []byte(".M1"), 1), lines[2], lines[3], lines[4]},
		"another body":        {lines[0], bytes.Replace(lines[1], []byte(`"body":"`), []byte(`"body":"AAAA`), 1), lines[2], lines[3], lines[4]},
		"another day":         {bytes.Replace(lines[0], []byte("1970"), []byte("1971"), 1), lines[1], lines[2], lines[3], lines[4]},
		"one missing":         {lines[0], lines[1], lines[3], lines[4]},
		"the last missing":    {lines[0], lines[1], lines[2], lines[4]},
		"one twice":           {lines[0], lines[1], lines[1], lines[2], lines[3], lines[4]},
		"no last line":        {lines[0], lines[1], lines[2], lines[3]},
		"no first line":       {lines[1], lines[2], lines[3], lines[4]},
		"something behind it": {lines[0], lines[1], lines[2], lines[3], lines[4], []byte("\n"), lines[3]},
		"another format":      {bytes.Replace(lines[0], []byte("claims/1"), []byte("claims/2"), 1), lines[1], lines[2], lines[3], lines[4]},
		"nothing at all":      {},
	} {
		forgery := append(bytes.TrimSuffix(bytes.Join(forged, nil), []byte("\n")), '\n')
		if bytes.Equal(forgery, file) {
			t.Fatalf("%s: nothing was changed", name)
		}
		if err := os.WriteFile(path, encoder.EncodeAll(forgery, nil), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := VerifyArchive(path); !errors.Is(err, ErrArchive) {
			t.Errorf("%s: %v", name, err)
		}
		for m, err := range ReadArchive(path) {
			if err == nil && string(m.Body) != "body" {
				t.Errorf("%s: yielded %q", name, m.Body)
			}
		}
	}
	if err := os.WriteFile(path, encoder.EncodeAll(file, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := VerifyArchive(path); err != nil {
		t.Errorf("unchanged: %v", err)
	}
}

// TestArchiveFileShowsDamage cuts a file, and changes it, at every byte.
func TestArchiveFileShowsDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.zst")
	w, err := newArchiveWriter(path, ArchiveInfo{Stream: "CLAIMS_31", Created: time.Unix(1, 2), Day: 3, First: 7})
	for n := uint64(7); n <= 9 && err == nil; n++ {
		err = w.add(ArchivedMessage{Message: provinces.Message{Sequence: n, Subject: claim(int(n)), Body: fmt.Appendf(nil, "body %d", n), Received: time.Unix(5, 6)}})
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := w.add(ArchivedMessage{Message: provinces.Message{Sequence: 11}}); err == nil {
		t.Error("took a message out of order")
	}
	written, err := w.finish()
	if err != nil {
		t.Fatal(err)
	}
	if read, err := VerifyArchive(path); err != nil || !same(read, written) || read.Count() != 3 || read.Day != 3 || !read.Created.Equal(time.Unix(1, 2)) {
		t.Fatalf("%+v, %v; wrote %+v", read, err, written)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	verify := func(data []byte) (ArchiveInfo, error) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return VerifyArchive(path)
	}
	for at := range whole {
		if _, err := verify(whole[:at]); !errors.Is(err, ErrArchive) {
			t.Errorf("cut at %d of %d: %v", at, len(whole), err)
		}
		damaged := append([]byte{}, whole...)
		damaged[at] ^= 0x10
		// A few bits of the compressed form mean nothing: then the content is the same.
		if read, err := verify(damaged); !errors.Is(err, ErrArchive) && (err != nil || !same(read, written)) {
			t.Errorf("changed at %d of %d: %+v, %v", at, len(whole), read, err)
		}
	}
	if _, err := verify(append(append([]byte{}, whole...), whole...)); !errors.Is(err, ErrArchive) {
		t.Errorf("something behind it: %v", err)
	}
}

// FuzzArchiveLines feeds the reader what could stand inside a compressed file: it never
// panics, and what it accepts is consistent.
func FuzzArchiveLines(f *testing.F) {
	seed := filepath.Join(f.TempDir(), "seed.zst")
	w, err := newArchiveWriter(seed, ArchiveInfo{Stream: "CLAIMS_31", First: 1})
	if err == nil {
		err = w.add(ArchivedMessage{Message: provinces.Message{Sequence: 1, Subject: claim(1), Body: []byte("b")}})
	}
	if err == nil {
		_, err = w.finish()
	}
	lines := decompress(f, seed)
	if err != nil || len(lines) == 0 {
		f.Fatal("no seed", err)
	}
	f.Add(lines)
	f.Add(lines[:len(lines)/2])
	f.Fuzz(func(t *testing.T, lines []byte) {
		r := archiveReader{lines: bufio.NewReader(bytes.NewReader(lines)), sum: sha256.New()}
		count := 0
		info, err := r.read(func(ArchivedMessage) bool { count++; return true })
		if err == nil && (count != info.Count() || info.First == 0) {
			t.Errorf("accepted %+v with %d messages", info, count)
		}
	})
}

func decompress(t testing.TB, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decoder, err := zstd.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	data, err := io.ReadAll(decoder)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
