// Package data holds what is configured for each province: one folder a province, named
// by its two digits, compiled into the program. adapter.toml says which dialect its
// hospitals speak and what its pooling areas are called; benefit plans lie beside it.
//
// Reading is strict: an unknown key, a missing province or an area of another province
// is an error that names the file and the line. The embedded files are held by the tests, so
// an error can only come from files that somebody changed.
package data
