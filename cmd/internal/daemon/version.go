package daemon

import "strings"

// Version is set when the binary is linked.
var Version = "dev"

// serviceVersion is Version in the semantic form that service discovery demands.
func serviceVersion(version string) string {
	if parts := strings.Split(strings.TrimPrefix(version, "v"), "."); len(parts) == 3 {
		return strings.TrimPrefix(version, "v")
	}
	return "0.0.0-" + strings.Map(func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, version)
}
