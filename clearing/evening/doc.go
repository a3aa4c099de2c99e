// Package evening matches what three sides state against the books, as of one evening: it
// brings the pure match of clearing/reconcile its items and keeps what comes out.
//
// [Evening.Run] works in this order. It finds the business days whose inputs have changed
// since the run before: days that were closed, days that a statement came for or whose
// horizon it moved, days of bills that a row elsewhere names or that were taken back while
// a break about them is open. Each is matched by itself: the books' items are streamed in
// the order of their numbers, the rows of the statements in force are sorted beside
// them, causes are proved from the books. Days that have the other one of two differences
// of a stay that cancel follow. Then all breaks are carried forward in one turn,
// and everything is stored: the days' results and the breaks, and at last how far the run
// has come, so that a run that was interrupted is simply run again.
//
// The same books and statements give the same results, whatever was run before; a run that
// finds nothing new changes nothing. Memory is bounded by the breaks of the days at hand,
// not by their bills.
package evening
