package data

import "embed"

// Plans holds the benefit plans shipped with the programs: <province>/plans/*.toml,
// and beside them worked examples in <province>/plans/examples/*.toml.
//
//go:embed */plans
var Plans embed.FS
