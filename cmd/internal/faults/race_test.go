//go:build race

package faults

// raced: this test binary carries the race detector.
const raced = true
