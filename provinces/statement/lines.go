package statement

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"

	"clearingd/provinces"
)

// lineBytesMax bounds a line: no row of a statement comes near it.
const lineBytesMax = 64 << 10

// lines gives a file's lines in UTF-8, one at a time.
type lines struct {
	source  *bufio.Reader
	decoder *encoding.Decoder // nil: UTF-8 as it is
	number  int               // of the line given last, from 1
	ended   bool
}

func newLines(source io.Reader, charset string) *lines {
	l := &lines{source: bufio.NewReaderSize(source, lineBytesMax)}
	if charset == "gbk" {
		l.decoder = simplifiedchinese.GBK.NewDecoder()
	}
	return l
}

var byteOrderMark = []byte("\xEF\xBB\xBF")

// next is the next line that is not empty, without its end. It is valid until the call
// after. A *provinces.RejectError is about that line alone.
func (l *lines) next() ([]byte, error) {
	for !l.ended {
		line, err := l.source.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			l.ended = true
		case errors.Is(err, bufio.ErrBufferFull):
			l.number++
			l.ended = true
			return nil, provinces.Reject(provinces.CodeStatementSize, place(l.number, ""), "at most 64 KiB a line", "")
		case err != nil:
			l.ended = true
			return nil, err
		}
		l.number++
		if l.number == 1 {
			line = bytes.TrimPrefix(line, byteOrderMark)
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if len(line) > 0 {
			return l.decode(line)
		}
	}
	return nil, io.EOF
}

// decode turns a line into UTF-8, or says that it is none of its character set. In GBK no
// second byte is a line's end, so lines can be cut before they are decoded.
func (l *lines) decode(line []byte) ([]byte, error) {
	charset := "UTF-8"
	if l.decoder != nil {
		charset = "GBK"
		decoded, err := l.decoder.Bytes(line)
		if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) { // which GBK cannot write
			return nil, provinces.Reject(provinces.CodeStatementCharset, place(l.number, ""), charset, "")
		}
		line = decoded
	}
	if !utf8.Valid(line) {
		return nil, provinces.Reject(provinces.CodeStatementCharset, place(l.number, badColumn(line)), charset, "")
	}
	return line, nil
}

// badColumn finds which cell of a line is broken, as far as commas and TABs tell.
func badColumn(line []byte) string {
	column := 1
	for len(line) > 0 {
		r, size := utf8.DecodeRune(line)
		if r == utf8.RuneError && size == 1 {
			break
		}
		if r == '\t' || r == ',' {
			column++
		}
		line = line[size:]
	}
	return "column " + itoa(column)
}
