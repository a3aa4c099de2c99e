// Package benefit computes what a home region's insurance pays for one hospital stay,
// and says why, fen by fen.
//
// A [Plan] is data: a TOML file for one pooling area and insurance type, with dated
// versions, read by [ParsePlan]; a [Set] is all plans in force and finds the one for
// a person. A [Case] goes in, an [Adjudication] comes out, with a [Step] for every
// thing that was done to the amounts.
//
// The calculator is a pure function of case, accumulators and plan: no clock, no I/O,
// no randomness. Whatever the plan, a bill closes: the total is the sum of the funds,
// the personal account and cash, none negative, because a payment is always taken off
// an amount that is still with the person, and cash is what is left at the end.
//
// # The tower
//
// A bill climbs a tower of stations. At the foot the total lies in parts: own expense,
// over the price limit, self-pay-first, in scope. Each station takes parts and leaves
// parts and payments:
//
//	scope       the treatment side's split, or the home region's own (scope = "home")
//	filing      what changes out of area; its self-pay-first share comes off here
//	deductible  what the stay owes of it, at most the in-scope amount
//	layers      basic fund -> large-amount or critical illness -> supplements ->
//	            assistance -> ..., each on the parts it takes
//	ceiling     all funds together; the topmost layer gives back first
//	account     the personal account, if the person lets it and its balance is known
//	cash        the rest
//
// The first layer takes what is in scope. What it does not pay becomes own share, or,
// above its cap, "over cap", which is what a large-amount layer takes. Critical-illness
// insurance takes deductible, own share and over cap, counted on the year. A payment of
// such a layer comes off its parts in the order in which the plan lists them.
//
// # The plan file
//
// The file reads like the rule. One [[version]] a period of validity; in it
// [version.deductible], [[version.out_of_area]] by filing, [[version.layer]] from below
// to above with [[version.layer.segment]], .special, .starts_above, .class and .cap, or
// with .brings_up_to in place of ratios, and, where needed, [version.time], [[version.group]], [[version.kind_of_stay]],
// [[version.catalogue]], [[version.ceiling]] and [version.personal_account]. The types
// in model.go are its full description, docs/plan-format.md explains it to officers; a
// test holds the two together. Some conventions:
//
//   - Amounts are yuan, ratios are percent; both are integers or strings, never TOML
//     floats: 1300, "1300.50", 85, "87.5".
//   - A value may be one for all hospitals (pays = 85) or a table by level and trait
//     (pays = { first = 90, second = 87, third = 85, "second+tcm" = 89 }); the most
//     particular key that fits counts, a trait more than a level. A hospital that no
//     key fits is refused (4004), never guessed; in points, factors and floors it has none.
//   - for = { ... } says to whom or when a block applies. All that is written must hold,
//     of a list one suffices. A fact that is not known gives no privilege; the trace and
//     a warning say so. Write conditions so that they grant, and the rule for all last.
//   - Of special rules of a ratio all that hold apply, in the file's order. Of starts,
//     special deductibles, out-of-area rules and caps of one name the first that holds.
//   - A ratio comes about in a fixed order: table, own row of a special rule, own row out
//     of area, then points, own-share factor and factor of the special rules, then points
//     or factor out of area. It never leaves 0 to 100 %.
//   - What can never hold, or holds for everybody by mistake (an empty list, a rule below
//     one that always holds, a misspelt level), is a problem of the file.
//   - article cites the source; assumed = true marks a block on which the source is
//     silent, and is a warning on every bill it is used for. assumes and leaves_out tell
//     the reader what was filled in and what is not applied; [Plan.Explain] prints them.
//
// # Figures
//
// Everything is integers: amounts in fen, ratios in 10^-12, products of 128 bits. A
// percentage has at most two decimals, so a product of up to three of them (own-share
// factor, special factor, out-of-area factor) is exact, and half up to the fen is the
// only rounding; a longer product is half up at twelve decimals. No decimal library is
// needed for that, nor for the plans that keep shares at five decimals of a yuan: those
// are sums in thousandths of a fen. It is also what makes a trace for every bill cheap.
//
// Where a cap on payments binds, the amount that belongs to the layer is found by
// inverting the segments: remaining payment over ratio, half up to the fen. For ratios
// up to 100 % that amount pays exactly the remainder again, because half a fen of
// amount is less than half a fen of payment.
//
// # The year
//
// [Accumulators] are what earlier bills of the person-year have used up. Adjudicate
// takes those of each year the stay touches and returns them with this bill in them.
// The order of settlement counts wherever a plan looks at the n-th stay, a cap, or the
// year's sum; where it does not, any order comes to the same year.
//
// A stay over the new year is one bill of the year of discharge, or split by days
// (national rules, article 41): hospital days are the days from admission up to, not
// including, discharge.
//
// # Left out
//
// What no plan can say, and why:
//
//   - Interim settlement of a long stay (8.2.5): the interface refuses it for now. A
//     transfer that continues a stay is expressed (transfer_within_days).
//   - A 90-day cycle that starts the segments anew (8.2.4): a claim tells no amounts by
//     cycle, so none has an amount of its own. The deductible is renewed
//     (renewed_every_days), and a cycle can count as a stay (renewals_count).
//   - A filing as of discharge (8.6.3): the national rule takes it at admission, and late
//     until the discharge settlement (rules 2.2, articles 12 and 16).
//   - Keeping the out-of-area cut out of the critical-illness base (8.4.11): no source
//     does so. What the sources show, the cut counting or applying to the upper layers
//     as well, is expressed (layers).
//   - Class A and class B at different ratios across provinces (8.1.6): the claim does
//     not tell the classes; only plans with scope = "home" see the lines.
//   - Under a cap on payments, the self-pay-first share of a class (8.1.6) is taken on
//     the whole amount of the class that enters the layer; the only source with such a
//     share caps the cost.
//   - The personal account before a supplement that shares what it leaves of the
//     deductible: across provinces the account pays of what all funds have left.
//   - A start by a person's own wage: neither claim nor register tells it.
//   - One ratio for the whole amount by the band it ends in: a fen more could pay less.
//   - Retroactive changes to earlier stays, as when a group is granted later: that is a
//     re-folding of the person-year, not a rule of one bill.
package benefit
