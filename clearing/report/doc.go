// Package report turns what a night found into what people read. There is one model,
// [Report], and one function a format; no renderer computes a figure of its own.
package report
