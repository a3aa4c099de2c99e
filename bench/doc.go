// Command bench measures the clearing house beside the limits of the machine it runs
// on, and writes docs/performance.md.
//
// No figure stands alone: a drain stands beside a bare store that commits the same
// bytes, an answer's time beside one synced publish and one synced commit, a night
// beside a scan of the same pages, our ledger beside SQLite and PostgreSQL at the same work.
// The two sides of each pair run in turns on the same disk, and the result is the median
// of the turns' ratios with its range; a machine shared with others moves both sides.
//
//	drain    a backlog from the streams to booked and answered       drain.go
//	answers  the time from publish to answer at a steady rate        answers.go
//	night    a day's close, and a period's report                    night.go
//	match    three sides' rows held against the books                match.go
//	growth   the same with a large store                             growth.go
//	cost     time and allocations of each step of one claim          cost.go
//	peers    SQLite and PostgreSQL posting the same entries          peers.go
//
// What is measured is the real program, started as a child on loopback, wherever it can
// be; only profiles, exact batch sizes and single steps are taken within this process.
// The peers are a module of their own in bench/peers, so that the daemon's go.mod knows
// nothing of them. Run it with `make bench`; BENCH=full takes the sizes of a national
// installation and hours. BENCH_PROFILE=FILE keeps the CPU profile of the drain.
//
// What it leaves out: benchmarks of single functions, which stand beside their packages
// (go test -bench); and every promise, since another machine has other figures.
package main
