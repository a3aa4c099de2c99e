package store

import (
	"os"

	"golang.org/x/sys/unix"
)

func willNeed(file *os.File, offset, length int64) {
	_ = unix.Fadvise(int(file.Fd()), offset, length, unix.FADV_WILLNEED) // a hint
}
