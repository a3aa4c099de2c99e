package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"clearingd/bench/measure"
)

func main() { os.Exit(run(os.Args[1:])) }

// bench is one run of the benchmarks.
type bench struct {
	sizes
	dir      string // scratch directory; its disk is what is measured
	daemon   string // the program
	peers    string // the program of bench/peers; "" leaves the peers out
	postgres string // how to reach PostgreSQL; "" leaves it out
	machine  measure.Machine
	document document
	serial   int // of scratch directories
}

// section is one of the benchmarks.
type section struct {
	name string
	run  func(*bench, context.Context) (string, error)
}

var sections = []section{
	{"drain", (*bench).drain}, {"answers", (*bench).answers}, {"night", (*bench).night},
	{"match", (*bench).match},
	{"growth", (*bench).growth}, {"cost", (*bench).cost}, {"peers", (*bench).comparePeers},
}

func run(args []string) int {
	if len(args) > 0 && strings.HasPrefix(args[0], childPrefix) {
		return child(args)
	}
	var b bench
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	full := fs.Bool("full", false, "sizes of a national installation; takes hours and about 60 GB")
	fs.StringVar(&b.dir, "dir", "var/bench", "scratch directory, emptied; on the disk to measure")
	fs.StringVar(&b.daemon, "daemon", "bin/clearingd", "the program to measure")
	fs.StringVar(&b.peers, "peers", "", "program of bench/peers; empty leaves the peers out")
	fs.StringVar(&b.postgres, "postgres", "", "address of a scratch PostgreSQL; empty leaves it out")
	out := fs.String("out", "", "where to write the report; a run of some sections renews these in it")
	only := fs.String("only", "", "sections to run, separated by commas; empty runs all")
	b.sizes = quick
	if slices.Contains(args, "-full") || slices.Contains(args, "--full") {
		b.sizes = national
	}
	b.sizes.flags(fs)
	if err := fs.Parse(args); err != nil {
		return 64
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b.document.full = *full
	if err := b.all(ctx, *only, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

// all runs the sections and writes the report.
func (b *bench) all(ctx context.Context, only, out string) error {
	dir, err := filepath.Abs(b.dir)
	if err != nil {
		return err
	}
	if b.dir = dir; filepath.Base(dir) == string(filepath.Separator) {
		return errors.New("-dir must not be the root directory")
	}
	if err := b.empty(); err != nil {
		return err
	}
	defer b.empty()
	b.machine = measure.Describe(b.dir)
	b.document.machine = b.machine
	fmt.Println(b.machine)
	complete := true
	for _, s := range sections {
		if only != "" && !slices.Contains(strings.Split(only, ","), s.name) {
			complete = false
			continue
		}
		began := time.Now()
		text, err := s.run(b, ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		b.document.add(text)
		fmt.Printf("\n%s\n(%s took %s)\n", text, s.name, time.Since(began).Round(time.Second))
		if err := b.empty(); err != nil {
			return err
		}
	}
	switch {
	case out == "":
		return nil
	case !complete:
		return b.document.renew(out)
	}
	return b.document.write(out)
}

// empty removes what earlier sections left in the scratch directory.
func (b *bench) empty() error {
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return fmt.Errorf("scratch directory: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(b.dir, scratchPrefix+"*"))
	for _, path := range left {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

const scratchPrefix = "run-"

// scratch makes a new empty directory.
func (b *bench) scratch() (string, error) {
	b.serial++
	dir := filepath.Join(b.dir, fmt.Sprintf("%s%03d", scratchPrefix, b.serial))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("scratch directory: %w", err)
	}
	return dir, nil
}

// progress tells who waits what is going on; it is no part of the report.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "# "+format+"\n", args...)
}
