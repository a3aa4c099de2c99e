package faults

import (
	"encoding/gob"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// callNames are the calls that change files, by number on amd64.
var callNames = map[uint64]string{
	1: "write", 9: "mmap", 18: "pwrite64", 74: "fsync", 75: "fdatasync", 77: "ftruncate",
	82: "rename", 264: "rename", 316: "rename",
}

// tracerMissing says why no process can be traced here; "" if one can.
var tracerMissing = sync.OnceValue(func() string {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), role+"="+roleTracer, ordersKey+"={}")
	cmd.Args = append(cmd.Args, "/bin/true")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Sprintf("processes cannot be traced here (ptrace): %v %s", err, out)
	}
	return ""
})

// tracer runs one process and all its threads.
type tracer struct {
	orders
	pid     int
	out     *gob.Encoder
	pending map[int]*event        // by thread: the call it is in, if it is of interest
	inside  map[int]bool          // by thread: it is in a call
	planted map[int]syscall.Errno // by thread: the call it is in must fail so
	found   outcome
}

// trace is the tracer's process: it runs the arguments, and ends as they end.
func trace(args []string) int {
	runtime.LockOSThread() // a process is traced by a thread
	t := tracer{pending: map[int]*event{}, inside: map[int]bool{}, planted: map[int]syscall.Errno{}}
	if err := json.Unmarshal([]byte(os.Getenv(ordersKey)), &t.orders); err != nil {
		return failed(err)
	}
	if t.Record != "" {
		file, err := os.Create(t.Record)
		if err != nil {
			return failed(err)
		}
		defer file.Close()
		t.out = gob.NewEncoder(file)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	traced := roleBooks
	if given := os.Getenv(roleOfTraced); given != "" {
		traced = given
	}
	cmd.Env = append(os.Environ(), role+"="+traced) // another program does not look at it
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		return failed(err)
	}
	t.pid = cmd.Process.Pid
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	go func() {
		for s := range signals {
			syscall.Kill(t.pid, s.(syscall.Signal))
		}
	}()
	code, err := t.run()
	if err != nil {
		return failed(err)
	}
	if t.Result != "" {
		text, _ := json.Marshal(t.found) // two plain fields
		if err := os.WriteFile(t.Result, text, 0o600); err != nil {
			return failed(err)
		}
	}
	return code
}

const (
	exitKill   = 0x100000   // PTRACE_O_EXITKILL
	allThreads = 0x40000000 // __WALL
)

func (t *tracer) run() (int, error) {
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(t.pid, &status, 0, nil); err != nil {
		return 0, err
	}
	options := syscall.PTRACE_O_TRACESYSGOOD | syscall.PTRACE_O_TRACECLONE | syscall.PTRACE_O_TRACEFORK | syscall.PTRACE_O_TRACEVFORK | exitKill
	if err := syscall.PtraceSetOptions(t.pid, options); err != nil {
		return 0, err
	}
	for thread, deliver := t.pid, 0; ; {
		syscall.PtraceSyscall(thread, deliver) // a thread that is gone is told of by the wait
		var err error
		if thread, err = syscall.Wait4(-1, &status, allThreads, nil); err != nil {
			return 0, err
		}
		deliver = 0
		switch {
		case status.Exited() && thread == t.pid:
			return status.ExitStatus(), nil
		case status.Signaled() && thread == t.pid:
			return 128 + int(status.Signal()), nil
		case !status.Stopped():
		case status.StopSignal() == syscall.SIGTRAP|0x80:
			if err := t.stop(thread); err != nil {
				return 0, err
			}
		case status.StopSignal() == syscall.SIGTRAP, status.StopSignal() == syscall.SIGSTOP: // a new thread, seen from either side
		default:
			deliver = int(status.StopSignal())
		}
	}
}

// stop is met when a thread enters a call and when it leaves it.
func (t *tracer) stop(thread int) error {
	var regs syscall.PtraceRegs
	if syscall.PtraceGetRegs(thread, &regs) != nil {
		return nil // killed meanwhile
	}
	if !t.inside[thread] {
		t.inside[thread] = true
		return t.enter(thread, &regs)
	}
	t.inside[thread] = false
	if number, ok := t.planted[thread]; ok {
		delete(t.planted, thread)
		regs.Rax = uint64(-int64(number))
		return syscall.PtraceSetRegs(thread, &regs)
	}
	e := t.pending[thread]
	delete(t.pending, thread)
	if e == nil || int64(regs.Rax) < 0 || t.out == nil {
		return nil
	}
	if e.Data != nil {
		e.Data = e.Data[:regs.Rax]
	}
	return t.out.Encode(e)
}

func (t *tracer) enter(thread int, regs *syscall.PtraceRegs) error {
	name := callNames[regs.Orig_rax]
	if name == "" {
		return nil
	}
	e, err := t.describe(name, regs)
	if err != nil || e == nil {
		return err
	}
	if name == t.Call && strings.Contains(e.Path, t.Files) {
		t.found.Calls++
		if t.found.Calls == t.Nth {
			t.found.Hit = true
			if t.Fault == "KILL" {
				return syscall.Kill(t.pid, syscall.SIGKILL)
			}
			t.planted[thread] = faultNumbers[t.Fault]
			regs.Orig_rax = ^uint64(0) // no such call: nothing happens
			return syscall.PtraceSetRegs(thread, regs)
		}
	}
	t.pending[thread] = e
	return nil
}

// describe reads a call's arguments; nil if it is of no interest.
func (t *tracer) describe(name string, r *syscall.PtraceRegs) (*event, error) {
	e := &event{Call: name}
	switch name {
	case "rename":
		from, to := r.Rdi, r.Rsi
		if r.Orig_rax != 82 {
			from, to = r.Rsi, r.R10
		}
		e.Path, e.NewPath = t.text(from), t.text(to)
		return e, nil
	case "mmap": // of a file, shared, to be written
		const protWrite, shared = 2, 1
		if int32(r.R8) < 0 || r.Rdx&protWrite == 0 || r.R10&shared == 0 {
			return nil, nil
		}
		e.Path = t.fd(r.R8)
		return e, nil
	case "write":
		if r.Rdi != 1 && t.Call != name { // most are sockets and logs
			return nil, nil
		}
	case "pwrite64", "ftruncate":
		e.Offset = int64(r.R10)
		if name == "ftruncate" {
			e.Offset = int64(r.Rsi)
		}
	}
	e.Path = t.fd(r.Rdi)
	if (name == "write" || name == "pwrite64") && t.out != nil {
		e.Data = make([]byte, r.Rdx)
		return e, t.memory(r.Rsi, e.Data)
	}
	return e, nil
}

func (t *tracer) fd(n uint64) string {
	path, err := os.Readlink("/proc/" + strconv.Itoa(t.pid) + "/fd/" + strconv.Itoa(int(int32(n))))
	if err != nil {
		return err.Error()
	}
	return path
}

func (t *tracer) memory(at uint64, into []byte) error {
	file, err := os.Open("/proc/" + strconv.Itoa(t.pid) + "/mem")
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.ReadAt(into, int64(at))
	return err
}

// text is a zero-terminated text of the process.
func (t *tracer) text(at uint64) string {
	var all []byte
	for b := make([]byte, 1); len(all) < 4096 && t.memory(at, b) == nil && b[0] != 0; at++ {
		all = append(all, b[0])
	}
	return string(all)
}
