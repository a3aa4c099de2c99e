package spill

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"clearingd/clearing/reconcile"
)

// ErrDamaged: the disk gave back other bytes than were written.
var ErrDamaged = errors.New("spill: a block is not what was written")

// Dir makes runs in a directory of scratch files; "" is the system's.
type Dir string

// Create makes an empty run. Its file has no name any more when it returns, so nobody else
// can read what people are in it, and a crash leaves none.
func (d Dir) Create() (reconcile.Run, error) {
	file, err := os.CreateTemp(string(d), "clearingd-run-*")
	if err != nil {
		return nil, fmt.Errorf("spill: %w", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("spill: %w", err), file.Close())
	}
	return &run{file: file, block: make([]byte, headBytes, headBytes+blockBytes)}, nil
}

const (
	blockBytes = 128 << 10
	headBytes  = 8 // length and CRC-32C of what follows, big-endian
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// run is a file of blocks.
type run struct {
	file   *os.File
	block  []byte // being filled: head and content
	blocks int    // written
}

func (r *run) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		n := min(len(p), headBytes+blockBytes-len(r.block))
		r.block = append(r.block, p[:n]...)
		p, written = p[n:], written+n
		if len(r.block) == headBytes+blockBytes {
			if err := r.flush(); err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

// flush writes the block out.
func (r *run) flush() error {
	content := r.block[headBytes:]
	if len(content) == 0 {
		return nil
	}
	binary.BigEndian.PutUint32(r.block, uint32(len(content)))
	binary.BigEndian.PutUint32(r.block[4:], crc32.Checksum(content, castagnoli))
	if _, err := r.file.Write(r.block); err != nil {
		return fmt.Errorf("spill: %w", err)
	}
	r.block = r.block[:headBytes]
	r.blocks++
	return nil
}

func (r *run) Reader() (io.Reader, error) {
	if err := r.flush(); err != nil {
		return nil, err
	}
	if _, err := r.file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("spill: %w", err)
	}
	r.block = nil
	return &reader{file: r.file, blocks: r.blocks}, nil
}

func (r *run) Close() error {
	r.block = nil
	if err := r.file.Close(); err != nil {
		return fmt.Errorf("spill: %w", err)
	}
	return nil
}

// reader reads a run back, block by block.
type reader struct {
	file   *os.File
	blocks int    // still to come
	block  []byte // reused
	left   []byte // of the block
}

func (r *reader) Read(p []byte) (int, error) {
	if len(r.left) == 0 {
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

func (r *reader) fill() error {
	if r.blocks == 0 {
		return io.EOF
	}
	r.blocks--
	var head [headBytes]byte
	if _, err := io.ReadFull(r.file, head[:]); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	length := binary.BigEndian.Uint32(head[:])
	if length == 0 || length > blockBytes {
		return fmt.Errorf("%w: a block of %d bytes", ErrDamaged, length)
	}
	if r.block == nil {
		r.block = make([]byte, blockBytes)
	}
	r.left = r.block[:length]
	if _, err := io.ReadFull(r.file, r.left); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if crc32.Checksum(r.left, castagnoli) != binary.BigEndian.Uint32(head[4:]) {
		r.left = nil
		return fmt.Errorf("%w: its checksum is another", ErrDamaged)
	}
	return nil
}
