// Package nhsa is the national dialect: the request and response envelopes of the
// 国家医疗保障信息平台 interface for designated institutions (定点医药机构接口规范), as
// hospitals' billing systems really speak it. [Dialect] turns a request's bytes into a
// canonical document or a numbered refusal, and an answer into bytes. It does no I/O, reads
// no clock and keeps no state.
//
// # Grammar of a request
//
// One JSON object in valid UTF-8 with nothing behind it, at most 1 MiB. Member names are
// compared exactly, may stand once in an object, and may be unknown: unknown members are
// ignored (the caller keeps the bytes). null and "" mean that a member was not sent; null is never
// zero. A code, time or amount may be text or, where its literal looks the same, a JSON
// number. Amounts follow ledger.ParseAmount to the letter: 12.5 and "12.50" are
// amounts, 1e3, 1.230, +5 and １２ are not. Codes are ASCII, and nothing is normalised.
//
// # Order of checks
//
// All of a message is read; of everything wrong with it the lowest code is
// reported, at all places that have it (at most twenty). So the same message always
// gets the same refusal, an unreadable member (1xxx) outranks a sum it spoils (3xxx), and a
// hospital mends like with like. Only limits and syntax come before: a message that
// is too deep or is not JSON is not read at all.
//
// A refusal never repeats a value that may be a name or an identity number, whatever
// member it was sent in.
//
// # Not here
//
// Whether a moment lies in the future (no clock), whether the person is known, what the
// plan pays, what is booked already: that is the clearing's. Fee lines are checked against
// each other and against the bill, never split again: the treatment side's catalogue
// has done that.
package nhsa
