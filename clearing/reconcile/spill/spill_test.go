package spill

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"clearingd/clearing/reconcile"
)

func written(t *testing.T, content []byte) *run {
	t.Helper()
	r, err := Dir(t.TempDir()).Create()
	if err != nil {
		t.Fatal(err)
	}
	for len(content) > 0 { // in uneven pieces
		n := min(len(content), 100_003)
		if _, err := r.Write(content[:n]); err != nil {
			t.Fatal(err)
		}
		content = content[n:]
	}
	t.Cleanup(func() { r.Close() })
	return r.(*run)
}

func TestARunGivesBackWhatWasWritten(t *testing.T) {
	for _, size := range []int{0, 1, blockBytes - 1, blockBytes, blockBytes + 1, 5*blockBytes + 17} {
		content := bytes.Repeat([]byte{1, 2, 3, 5, 7}, size/5+1)[:size]
		reader, err := written(t, content).Reader()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := io.ReadAll(reader); err != nil || !bytes.Equal(back, content) {
			t.Errorf("%d bytes: %d came back, %v", size, len(back), err)
		}
	}
}

func TestARunHasNoNameOnTheDisk(t *testing.T) {
	dir := t.TempDir()
	r, err := Dir(dir).Create()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("a crash now would leave %v, %v", files, err)
	}
}

func TestADamagedBlockIsNotRead(t *testing.T) {
	content := bytes.Repeat([]byte("abc"), blockBytes)
	for _, damage := range []struct {
		name string
		do   func(*os.File) error
	}{
		{"a bit", func(f *os.File) error { _, err := f.WriteAt([]byte{'x'}, headBytes+1234); return err }},
		{"a length", func(f *os.File) error { _, err := f.WriteAt([]byte{0xff}, 0); return err }},
		{"cut in a block", func(f *os.File) error { return f.Truncate(2*blockBytes + 9) }},
		{"cut between blocks", func(f *os.File) error { return f.Truncate(2 * (blockBytes + headBytes)) }},
		{"cut in a head", func(f *os.File) error { return f.Truncate(blockBytes + headBytes + 3) }},
	} {
		r := written(t, content)
		reader, err := r.Reader()
		if err != nil {
			t.Fatal(err)
		}
		if err := damage.do(r.file); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(reader); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", damage.name, err)
		}
	}
}

func TestADirectoryThatIsNotThere(t *testing.T) {
	if _, err := Dir(t.TempDir() + "/none").Create(); err == nil {
		t.Error("a run was made in a directory that does not exist")
	}
}

var _ reconcile.Runs = Dir("")
