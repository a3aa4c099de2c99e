package service

import "strings"

// Copy writes a consistent copy of the running books into the daemon's state directory.
const Copy = "clearing.copy"

// CopyRequest names the copy.
type CopyRequest struct {
	Name string `json:"name"` // see ValidCopyName; a name that is taken is refused, never overwritten
}

// CopyReply is a copy that was written, read back and found sound.
type CopyReply struct {
	Path    string `json:"path"`        // on the daemon's machine
	Size    int64  `json:"size"`        // bytes
	Records uint64 `json:"records"`     // records in it
	Root    string `json:"merkle_root"` // over all of them, base64
}

// copyNameMax is the longest name of a copy.
const copyNameMax = 40

// ValidCopyName reports whether name is 1 to 40 of the characters a to z, 0 to 9 and "-":
// a name that can be no path and no other file.
func ValidCopyName(name string) bool {
	return name != "" && len(name) <= copyNameMax && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
}
