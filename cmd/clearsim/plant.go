package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"

	"clearingd/cmd/internal/simulate/plant"
)

// instrument builds the daemon with all points and defects, or lists them.
func instrument(ctx context.Context, args []string, out, errOut io.Writer) error {
	f := flag.NewFlagSet("clearsim plant", flag.ContinueOnError)
	binary := f.String("out", "bin/clearingd-planted", "the binary")
	overlay := f.String("overlay", "", "only write the overlay and the edited files to this folder, for go test -overlay")
	points := f.Bool("points", false, "list the points")
	defects := f.Bool("defects", false, "list the defects")
	if err := f.Parse(args); err != nil {
		return err
	}
	switch {
	case *points:
		for _, p := range plant.Points {
			fmt.Fprintf(out, "%s\t%s\n", p.Name, p.What)
		}
		return nil
	case *defects:
		for _, d := range plant.Defects {
			fmt.Fprintf(out, "%s\t%s\t%s\n", d.Name, d.What, d.Test)
		}
		return nil
	}
	dir := *overlay
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "planted"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := plant.Overlay(".", dir)
	if err != nil || *overlay != "" {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-overlay", file, "-o", *binary, "./cmd/clearingd")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stdout, build.Stderr = out, errOut
	return build.Run()
}
