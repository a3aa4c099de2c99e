// Package workload makes what the benchmarks work on: seeded claims of all provinces
// in any number, a broker's store full of them, books full of their outcomes, and the
// daemon that goes from the one to the other.
//
// [Claims] builds messages; [Load] puts them into the streams of a state directory
// while no daemon runs; [StartDaemon] starts the real program on such a directory;
// [House] is the same way within this process, for profiles and exact batches;
// [Fill] makes books of a given size without a broker. Everything follows from a
// seed and a count.
//
// It leaves out every judgement: what is measured, how often and beside what is said in
// package bench.
package workload
