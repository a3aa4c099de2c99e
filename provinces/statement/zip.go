package statement

import (
	"archive/zip"
	"errors"
	"io"
	"strings"

	"clearingd/provinces"
)

// A file of rows shrinks to a tenth, of equal rows to a fiftieth. What shrinks to less
// than a two-hundredth is no list of bills.
const (
	unzippedMax  = provinces.StatementBytesMax
	ratioMax     = 200
	ratioAllowed = 1 << 20 // of a small file no ratio is asked
)

// unzip opens the one file in an archive. The bounds hold for what really comes out, not
// for what the archive says of itself.
func unzip(file io.ReaderAt, size int64) (io.Reader, error) {
	archive, err := zip.NewReader(file, size)
	if err != nil {
		return nil, unlessSource(err, "a ZIP archive")
	}
	if len(archive.File) != 1 {
		return nil, notThatFile("one file in the archive", itoa(len(archive.File)))
	}
	entry := archive.File[0]
	switch {
	case strings.HasSuffix(entry.Name, "/"):
		return nil, notThatFile("a file in the archive", "a folder")
	case entry.Flags&1 != 0:
		return nil, notThatFile("no password", "encrypted")
	case entry.Method != zip.Store && entry.Method != zip.Deflate:
		return nil, notThatFile("stored or deflated", "another method")
	}
	content, err := entry.Open()
	if err != nil {
		return nil, unlessSource(err, "a ZIP archive")
	}
	most := min(int64(unzippedMax), max(size*ratioMax, ratioAllowed))
	return &bounded{source: content, left: most}, nil
}

func notThatFile(expected, found string) error {
	return provinces.Reject(provinces.CodeStatementFile, "file", expected, found)
}

// bounded reads an entry and stops where it has become too large or is broken.
type bounded struct {
	source io.Reader
	left   int64
}

// Read reads on. What is wrong with the entry is a *provinces.RejectError.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		var more [1]byte
		if n, _ := b.source.Read(more[:]); n > 0 {
			return 0, notThatFile("at most 256 MiB, and 200 times the archive", "more")
		}
		return 0, io.EOF
	}
	n, err := b.source.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = unlessSource(err, "an archive that is whole")
	}
	return n, err
}

// unlessSource makes a refusal of an error, unless the file could not be read at all.
func unlessSource(err error, expected string) error {
	if errors.Is(err, provinces.ErrStatementSource) {
		return err
	}
	return notThatFile(expected, "")
}
