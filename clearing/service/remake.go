package service

import "clearingd/ledger"

// Remake makes the files of a closed day's report again, from the books.
const Remake = "clearing.remake"

// RemakeRequest names the day.
type RemakeRequest struct {
	Day ledger.Day `json:"day"`
}

// RemakeReply says what came of it: either the files are in place, each as the day was
// sealed with it, or nothing was changed and some differ.
type RemakeReply struct {
	Day    DayStatus `json:"day"`
	Differ []string  `json:"differ,omitempty"` // files whose bytes are not those of the seal
}
