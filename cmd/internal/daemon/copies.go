package daemon

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"clearingd/clearing/service"
	"clearingd/clearing/store"
)

// copiesDir is the directory of copies in the state directory.
const copiesDir = "copies"

// copying lets one copy be written at a time: each costs the disk as much as all the
// books.
var copying sync.Mutex

// copyBooks writes a consistent copy of the running books. It is the way to a backup and
// to the policy laboratory: put back as books.db with the daemon stopped, a copy catches
// up with the answers the broker has published since (catchUp).
func (d *Daemon) copyBooks(ctx context.Context, request service.CopyRequest) (reply service.CopyReply, err error) {
	if !service.ValidCopyName(request.Name) {
		return reply, failure(http.StatusBadRequest, "副本名称只能用小写字母、数字和连字符，1至40个字符",
			"the name of a copy is 1 to 40 of a-z, 0-9 and -")
	}
	if !copying.TryLock() {
		return reply, failure(http.StatusConflict, "正在写另一个副本", "another copy is being written")
	}
	defer copying.Unlock()
	dir := filepath.Join(d.cfg.State.Dir, copiesDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return reply, fmt.Errorf("copies: %w", err)
	}
	path := filepath.Join(dir, request.Name+".db")
	if err := d.roomForCopy(dir); err != nil {
		return reply, err
	}
	began := time.Now()
	copied, err := d.store.Copy(ctx, path)
	if errors.Is(err, store.ErrExists) {
		return reply, failure(http.StatusConflict, "已有同名副本："+request.Name, "there is a copy of that name: "+request.Name)
	}
	if err != nil {
		return reply, err
	}
	d.log.Info("the books are copied", zap.String("file", path), zap.Uint64("records", copied.Records),
		zap.Int64("bytes", copied.Size), zap.Duration("took", time.Since(began)))
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	return service.CopyReply{
		Path: path, Size: copied.Size, Records: copied.Records,
		Root: base64.StdEncoding.EncodeToString(copied.Root[:]),
	}, nil
}

// roomForCopy refuses a copy that would bring the disk to its floor, where the intake
// pauses.
func (d *Daemon) roomForCopy(dir string) error {
	info, err := os.Stat(d.store.Path())
	if err != nil {
		return fmt.Errorf("copies: %w", err)
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return fmt.Errorf("copies: %w", err)
	}
	if free := int64(disk.Bavail) * disk.Bsize; free-info.Size() < d.cfg.Disk.FloorBytes {
		return failure(http.StatusInsufficientStorage,
			fmt.Sprintf("磁盘空间不足：账本%d MiB，可用%d MiB，须保留%d MiB", info.Size()>>20, free>>20, d.cfg.Disk.FloorBytes>>20),
			fmt.Sprintf("not enough disk: the books take %d MiB, %d MiB are free, %d MiB must stay free", info.Size()>>20, free>>20, d.cfg.Disk.FloorBytes>>20))
	}
	return nil
}
