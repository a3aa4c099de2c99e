//go:build !(linux && amd64)

package faults

import "runtime"

func tracerMissing() string {
	return "the tracer knows linux/amd64 only, this is " + runtime.GOOS + "/" + runtime.GOARCH
}

func trace([]string) int { return 99 }
