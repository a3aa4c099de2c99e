// Package measure holds what every benchmark of this folder needs around the thing
// it measures: series of runs with their medians and spread, the description of the
// machine, the memory a process really owns, and the page cache.
//
// A shared machine is slow for a second and fast for the next. So things that are to
// be compared run in turns (A B A B), each turn gives one ratio, and a [Series] of
// ratios is reported by its median and its range. An absolute figure without the figure
// beside it means nothing.
//
// The package measures nothing by itself and knows nothing of claims. Floating point
// is fine here: nothing of it is money.
package measure
