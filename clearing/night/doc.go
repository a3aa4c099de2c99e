// Package night closes a business day: it reads what the day's records say, makes the
// report, writes its files and seals the day. The same inputs give the same bytes, so
// a night that was interrupted is simply run again.
//
// In order: read the frozen day in short transactions; hold every stream's sequences
// against its outcomes; add up obligations; carry the trial balance forward from
// the seal before; write the files under another name and rename the folder; seal the
// day with the Merkle root over all records up to its last, the digests of the
// report and the plan set, and the seal of the day before.
//
// [Night.Remake] makes the files of a sealed day again, from the books alone, and keeps
// them only when they are the very bytes of the seal. [Night.Period] makes the report of any range of closed days the same way, without
// sealing anything.
package night
