// Package tidy holds the rules of the house as tests: which package may import which,
// what may not be called where, how long functions and files may grow, and that links
// in documents lead somewhere. It has no code of its own.
//
// Each rule carries its reason, and a failure prints it. A rule that is in the way is
// changed here, with a reason, in the same commit as the code that needs it.
package tidy
