// Package netting turns gross obligations between provinces into nets: two by two
// ([Bilaterals]), one against all ([Positions]), and a set of transfers that would
// settle every position ([Propose]).
//
// It is pure and exact in fen, every sum is checked for overflow, and the result
// depends only on the obligations, not on their order. What it finds is information:
// the rule book pays gross (rules 5.3), so nothing here moves money.
//
// # Fewest transfers
//
// A set of positions falls into groups, each summing to zero. A group of k provinces
// needs at least k-1 transfers, and k-1 always suffice; so n provinces in g groups
// need n-g, and the fewest transfers belong to the most groups. Finding the most groups
// is NP-hard in general. Three exact steps cover what a clearing house meets:
//
//  1. Two provinces with opposite positions are always a group of some best solution:
//     if they stood in two groups, the rest of these two groups would sum to zero and
//     be one group, and the number of groups would stay the same.
//  2. Up to 16 provinces, a table over all 2^n subsets finds the most groups.
//  3. Up to 32, meeting in the middle (2 x 2^16 sums) finds the smallest group. If that is
//     the whole, n-1 is proved. Otherwise it is taken out and the search goes on; the
//     result is then proved only if it meets the bound that the smallest group's size
//     gives: no more than n/k groups.
//
// Beyond 32 the largest payer pays the largest payee until all are at zero, and the
// proposal says that it is not proved.
package netting
