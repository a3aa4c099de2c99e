// Package console is the officers' web console: what the books hold, as pages.
//
// The one type to know is [Books], the few questions the pages ask; [New] makes an
// http.Handler over it. Everything is GET and nothing is changed: closing, signing and
// repairing have doors of their own.
//
// # What it is for
//
// From any figure of a night's report an officer reaches the bills behind it in two
// clicks: the report's row leads to the pair's bills, a bill leads to its claim. A
// claim's page explains every fen: what the hospital sent, each step of the home
// region's rules with its inputs, article and rounding, who pays what by which steps,
// and how the books hold it. Printed, it is a sheet that can be given to the patient: it
// names no person, only the settlement number.
//
//	/                                      ready or not and why, the last days
//	/days                                  all business days
//	/days/<day>                            one day: figures, files, pairs, refusals
//	/days/<day>/pairs/<home>-<treatment>   bills of two provinces, or of two areas
//	/days/<day>/bills                      bills of the day, filtered
//	/days/<day>/messages                   every message of the day with its outcome
//	/bills                                 bills of a range of days
//	/claims/<record>                       one record, by books' number, setl_id or message
//	/balances                              who owes whom now
//	/reports/<day>[_<day>]/<file>          the sealed files as they are
//
// And where [Options.Reconciliation] is given:
//
//	/breaks                                breaks, filtered, as of an evening
//	/break?key=<key>                       one break: books and three sides beside each other, and why
//	/providers/<code>                      a hospital beside the books, day by day
//	/statements/<party>                    what the books have of a party's statements
//	/reconciliation/<day>                  the match of a day, pair by pair
//	/reconciliation/<day>/pairs/<a>-<b>    the bills behind it, with what each side says
//
// # What it promises
//
// A page is one response: no script, no font, no picture, nothing from elsewhere; a
// Content-Security-Policy that allows its own style sheet alone holds it to that. Text
// that came from a hospital passes through contextual escaping, and what a reader could
// not see in it is made visible. Parameters are parsed strictly and never echoed;
// unknown ones are ignored; names of files come from a fixed list and days from their
// grammar, so that no path can be built. No person can be asked for: identity numbers
// never stand in an address.
//
// Figures of a closed day are those of its sealed report, read from report.json, and
// where the bills of a page are all the bills behind a figure the page says whether they
// add up to it.
//
// Pages are Chinese unless lang=en, which a cookie remembers. States are told by words
// and signs as well as by colour; tables have captions and scopes; everything prints.
package console
