package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set when a release is linked; otherwise the build's own data say it.
var version = ""

func (a *app) versionCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "version", Short: a.say("版本", "print the version"), Example: "  clearctl version",
	}
	return a.command(c, cobra.NoArgs, func(*cobra.Command, []string) error {
		v := struct {
			Version  string `json:"version"`
			Revision string `json:"revision,omitempty"`
			Go       string `json:"go"`
		}{Version: version, Go: runtime.Version()}
		if info, ok := debug.ReadBuildInfo(); ok {
			v.Version = orDefault(v.Version, info.Main.Version)
			for _, s := range info.Settings {
				if s.Key == "vcs.revision" {
					v.Revision = s.Value
				}
			}
		}
		return a.show(v, func() { fmt.Fprintln(a.out, "clearctl", v.Version, v.Revision, v.Go) })
	})
}
