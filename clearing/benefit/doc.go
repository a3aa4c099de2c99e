// Package benefit computes what a home region's insurance pays for one hospital stay.
//
// A [Plan] is data: a TOML file for one pooling area and insurance type, with dated
// versions, read by [ParsePlan]; a [Set] is all plans in force and finds the one for
// a person. A [Case] goes in, an [Adjudication] comes out, with a [Step] for every
// thing that was done to the amounts.
//
// The calculator is a pure function of case, accumulators and plan. Decimals live
// inside it and nowhere else; every figure that leaves it is whole fen, and a bill
// always closes, because the person's cash is the remainder.
package benefit
