package measure

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Machine is where the figures were measured.
type Machine struct {
	CPU        string
	Cores      int
	Memory     uint64 // bytes
	Kernel     string
	FileSystem string // of the directory the benchmarks write to
	Free       uint64 // bytes free there
	Load       string // of the last minute when the run began: other people's work
	Go         string
}

// Describe names the machine and the file system of dir.
func Describe(dir string) Machine {
	m := Machine{
		CPU: "unknown processor", Cores: runtime.NumCPU(), Go: runtime.Version(),
		FileSystem: "unknown", Kernel: "unknown", Load: "unknown",
	}
	if name := field("/proc/cpuinfo", "model name"); name != "" {
		m.CPU = name
	}
	m.Memory = kibibytes("/proc/meminfo", "MemTotal")
	var uts unix.Utsname
	if unix.Uname(&uts) == nil {
		m.Kernel = unix.ByteSliceToString(uts.Sysname[:]) + " " + unix.ByteSliceToString(uts.Release[:])
	}
	var fs unix.Statfs_t
	if unix.Statfs(dir, &fs) == nil {
		m.Free = fs.Bavail * uint64(fs.Bsize)
		m.FileSystem = fileSystems[int64(fs.Type)]
		if m.FileSystem == "" {
			m.FileSystem = fmt.Sprintf("file system %#x", fs.Type)
		}
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load, _, _ = strings.Cut(string(load), " ")
	}
	return m
}

// fileSystems are the usual magic numbers of statfs(2).
var fileSystems = map[int64]string{
	unix.EXT4_SUPER_MAGIC: "ext2/3/4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs",
	unix.TMPFS_MAGIC: "tmpfs (nothing is synced there: figures of the disk mean nothing)", unix.OVERLAYFS_SUPER_MAGIC: "overlayfs",
}

func (m Machine) String() string {
	return fmt.Sprintf("%s, %d cores, %s of memory, %s, %s, Go %s; load when the run began: %s",
		m.CPU, m.Cores, Mebibytes(float64(m.Memory)), m.FileSystem, m.Kernel, m.Go, m.Load)
}

// WatchMemory samples, every so often, the memory this process owns alone (RssAnon),
// until the returned function is called; that gives the highest value seen, in bytes.
// Pages of mapped files are left out: they are the page cache's, and a reader of a large
// file shows as many of them as the machine has room for.
func WatchMemory(every time.Duration) (peak func() uint64) {
	var highest uint64
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			highest = max(highest, kibibytes("/proc/self/status", "RssAnon"))
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	})
	return func() uint64 {
		close(stop)
		watching.Wait()
		return max(highest, kibibytes("/proc/self/status", "RssAnon"))
	}
}

// kibibytes reads a line "name:  123 kB" and gives bytes; 0 if there is none.
func kibibytes(path, name string) uint64 {
	number, _, _ := strings.Cut(field(path, name), " ")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}

// field is what stands behind "name:" in a file of /proc; "" if nothing does.
func field(path, name string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// DropCache asks the kernel to forget the pages of a file, so that the next reader
// waits for the disk. What it has not written yet is written first.
func DropCache(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("drop cache: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("drop cache: %w", err)
	}
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		return fmt.Errorf("drop cache of %s: %w", path, err)
	}
	return nil
}

// DiskUsage is what a file really occupies, in bytes: a store may be sparse.
func DiskUsage(path string) (uint64, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return 0, fmt.Errorf("size of %s: %w", path, err)
	}
	return uint64(st.Blocks) * 512, nil
}
