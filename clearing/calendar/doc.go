// Package calendar knows China's working days: weekends, the holidays that the State
// Council arranges for each year, and the weekend days that are worked in exchange
// (调休). Nobody can compute them; they are published late in the year before.
//
// A [Calendar] is made of years, each a small TOML file with its source. A year that it
// does not have is [ErrYear] and never a guess: a due date that is a week off in silence is
// worse than one that is missing aloud. [China] has the years that the program carries; an
// installation adds to them with [Parse] and [Calendar.With] when the next year's
// arrangement is published.
//
//	year = 2026
//	source = "国办发明电〔2025〕7号"
//	verified = false                          # true once a person has read the source
//	off = ["2026-01-01..2026-01-03"]          # holidays, weekends in between included
//	worked = ["2026-01-04"]                   # Saturdays and Sundays that are worked
//
// The package is pure: no clock, no files.
package calendar
