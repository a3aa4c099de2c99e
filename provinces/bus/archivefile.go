package bus

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"time"

	"github.com/klauspost/compress/zstd"

	"clearingd/ledger"
	"clearingd/provinces"
)

// An archive file is a Zstandard stream of lines, each one JSON object; `zstdcat` and
// any JSON tool read it:
//
//	{"format":"clearingd-claims/1","stream":"CLAIMS_31","created":…,"day":"2026-11-23","first":17}
//	{"seq":17,"time":…,"subject":"claims.31.…","header":{…},"body":"<base64>","sha256":"<of the body>"}
//	…
//	{"count":2,"last":18,"sha256":"<of all lines before this one, line ends included>"}
//
// time and created are the broker's, RFC 3339 in UTC with nanoseconds; header is absent
// if the message had none. A file without its last line is not an archive.

const archiveFormat = "clearingd-claims/1"

// archiveLineMax bounds a line: a body of 1 MiB in base64, headers and the rest.
const archiveLineMax = 4 << 20

// ErrArchive: a file is not a whole and undamaged archive. The text says where.
var ErrArchive = errors.New("bus: archive file is damaged")

// ArchivedMessage is a message of an archive, as the broker held it.
type ArchivedMessage struct {
	provinces.Message
	Header map[string][]string // nil if it had none
}

// ArchiveInfo is what an archive file says of itself, checked.
type ArchiveInfo struct {
	Stream      string
	Created     time.Time  // of the stream
	Day         ledger.Day // of the broker's timestamps, in China
	First, Last uint64     // sequences, without holes in between
	SHA256      string     // of its lines
}

// Count is the number of messages.
func (i ArchiveInfo) Count() int { return int(i.Last - i.First + 1) }

type archiveHead struct {
	Format  string     `json:"format"`
	Stream  string     `json:"stream"`
	Created time.Time  `json:"created"`
	Day     ledger.Day `json:"day"`
	First   uint64     `json:"first"`
}

type archiveLine struct {
	Sequence uint64              `json:"seq"`
	Time     time.Time           `json:"time"`
	Subject  string              `json:"subject"`
	Header   map[string][]string `json:"header,omitempty"`
	Body     []byte              `json:"body"`
	SHA256   string              `json:"sha256"`
}

type archiveTail struct {
	Count  int    `json:"count"`
	Last   uint64 `json:"last"`
	SHA256 string `json:"sha256"`
}

// ReadArchive yields the messages of an archive file in order. Each is checked against
// its digest before it is yielded; a last error tells of a damaged or cut file, and
// until the iteration has ended without one the file is not known to be whole.
func ReadArchive(path string) iter.Seq2[ArchivedMessage, error] {
	return func(yield func(ArchivedMessage, error) bool) {
		stopped := false
		_, err := readArchive(path, func(m ArchivedMessage) bool {
			stopped = !yield(m, nil)
			return !stopped
		})
		if err != nil && !stopped {
			yield(ArchivedMessage{}, err)
		}
	}
}

// VerifyArchive reads a whole archive file and checks every digest in it.
func VerifyArchive(path string) (ArchiveInfo, error) {
	return readArchive(path, func(ArchivedMessage) bool { return true })
}

func readArchive(path string, yield func(ArchivedMessage) bool) (ArchiveInfo, error) {
	file, err := os.Open(path)
	if err != nil {
		return ArchiveInfo{}, fmt.Errorf("bus: archive: %w", err)
	}
	defer file.Close()
	lines, err := zstd.NewReader(file, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return ArchiveInfo{}, fmt.Errorf("%w: %s: %w", ErrArchive, path, err)
	}
	defer lines.Close()
	r := archiveReader{lines: bufio.NewReaderSize(lines, 64<<10), sum: sha256.New()}
	info, err := r.read(yield)
	if err != nil {
		return ArchiveInfo{}, fmt.Errorf("%w: %s: line %d: %w", ErrArchive, path, r.number, err)
	}
	return info, nil
}

type archiveReader struct {
	lines  *bufio.Reader
	sum    hash.Hash
	number int
}

func (r *archiveReader) read(yield func(ArchivedMessage) bool) (ArchiveInfo, error) {
	var head archiveHead
	if err := r.next(&head); err != nil {
		return ArchiveInfo{}, err
	}
	if head.Format != archiveFormat || head.First == 0 {
		return ArchiveInfo{}, fmt.Errorf("format %q from %d, want %q from at least 1", head.Format, head.First, archiveFormat)
	}
	info := ArchiveInfo{Stream: head.Stream, Created: head.Created, Day: head.Day, First: head.First, Last: head.First - 1}
	for {
		before := hex.EncodeToString(r.sum.Sum(nil))
		var line struct {
			archiveLine
			Count *int   `json:"count"` // set in the last line only
			Last  uint64 `json:"last"`
		}
		if err := r.next(&line); err != nil {
			return ArchiveInfo{}, err
		}
		if line.Count != nil {
			info.SHA256 = before
			return info, r.end(info, archiveTail{*line.Count, line.Last, line.SHA256})
		}
		message, err := line.message(info)
		if err != nil {
			return ArchiveInfo{}, err
		}
		info.Last = message.Sequence
		if !yield(message) {
			return info, nil
		}
	}
}

// next reads one line into v and adds it to the running digest.
func (r *archiveReader) next(v any) error {
	r.number++
	line, err := readLine(r.lines)
	if err != nil {
		return err
	}
	r.sum.Write(line)
	return json.Unmarshal(line, v)
}

func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(line) > archiveLineMax:
			return nil, errors.New("line too long")
		}
	}
}

func (l archiveLine) message(info ArchiveInfo) (ArchivedMessage, error) {
	if l.Sequence != info.Last+1 {
		return ArchivedMessage{}, fmt.Errorf("sequence %d after %d", l.Sequence, info.Last)
	}
	if digest(l.Body) != l.SHA256 {
		return ArchivedMessage{}, fmt.Errorf("sequence %d: body does not have its digest", l.Sequence)
	}
	province := ledger.Province("")
	if name, ok := bytes.CutPrefix([]byte(info.Stream), []byte("CLAIMS_")); ok {
		province = ledger.Province(name)
	}
	return ArchivedMessage{Header: l.Header, Message: provinces.Message{
		Stream: province, Sequence: l.Sequence, Subject: l.Subject, Body: l.Body, Received: l.Time,
	}}, nil
}

// end checks the last line, and that nothing follows it.
func (r *archiveReader) end(info ArchiveInfo, tail archiveTail) error {
	if want := (archiveTail{info.Count(), info.Last, info.SHA256}); tail != want {
		return fmt.Errorf("last line says %+v, the file holds %+v", tail, want)
	}
	if _, err := r.lines.ReadByte(); !errors.Is(err, io.EOF) {
		return errors.New("data after the last line")
	}
	return nil
}

// archiveWriter writes one archive file; it exists under its name only when whole.
type archiveWriter struct {
	file *os.File
	zstd *zstd.Encoder
	sum  hash.Hash
	info ArchiveInfo
}

func newArchiveWriter(path string, info ArchiveInfo) (*archiveWriter, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	encoder, err := zstd.NewWriter(file, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true))
	if err != nil {
		file.Close()
		return nil, err
	}
	w := &archiveWriter{file: file, zstd: encoder, sum: sha256.New(), info: info}
	w.info.Last = info.First - 1
	return w, w.line(archiveHead{archiveFormat, info.Stream, info.Created.UTC(), info.Day, info.First})
}

func (w *archiveWriter) line(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	w.sum.Write(line)
	_, err = w.zstd.Write(line)
	return err
}

func (w *archiveWriter) add(m ArchivedMessage) error {
	if m.Sequence != w.info.Last+1 {
		return fmt.Errorf("bus: archive: sequence %d after %d", m.Sequence, w.info.Last)
	}
	w.info.Last = m.Sequence
	body := m.Body
	if body == nil {
		body = []byte{} // an empty body is "", never null
	}
	return w.line(archiveLine{m.Sequence, m.Received.UTC(), m.Subject, m.Header, body, digest(body)})
}

// finish writes the last line and brings the file to disk.
func (w *archiveWriter) finish() (ArchiveInfo, error) {
	w.info.SHA256 = hex.EncodeToString(w.sum.Sum(nil))
	err := w.line(archiveTail{w.info.Count(), w.info.Last, w.info.SHA256})
	if err == nil {
		err = w.zstd.Close()
	}
	if err == nil {
		err = w.file.Sync()
	}
	return w.info, errors.Join(err, w.file.Close())
}

// discard gives an unfinished file up.
func (w *archiveWriter) discard() {
	_ = w.zstd.Close()
	_ = w.file.Close()
	_ = os.Remove(w.file.Name())
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
