package evening

import (
	"slices"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// dayRange is where the records of a business day lie; those of others may lie between.
type dayRange struct {
	day      ledger.Day
	from, to uint64 // 0, 0: the day has none
}

// dayRanges are the frozen and closed days, in order.
type dayRanges []dayRange

func (d dayRanges) has(day ledger.Day) bool {
	_, ok := slices.BinarySearchFunc(d, day, func(r dayRange, day ledger.Day) int { return int(r.day - day) })
	return ok
}

func (d dayRanges) of(day ledger.Day) dayRange {
	at, ok := slices.BinarySearchFunc(d, day, func(r dayRange, day ledger.Day) int { return int(r.day - day) })
	if !ok {
		return dayRange{day: day}
	}
	return d[at]
}

// only is the day that a number must be of; ok is false where several days, or none, have
// records around it.
func (d dayRanges) only(number uint64) (day ledger.Day, ok bool) {
	// Days overlap with their neighbours alone, so the ends are nearly in order.
	at, _ := slices.BinarySearchFunc(d, number, func(r dayRange, number uint64) int {
		if r.to < number {
			return -1
		}
		return 1
	})
	found := 0
	for i := max(0, at-overlap); i < min(len(d), at+overlap); i++ {
		if d[i].from <= number && number <= d[i].to {
			day = d[i].day
			found++
		}
	}
	return day, found == 1
}

// overlap is how many neighbouring days are looked at: days that were open beside each
// other while streams crossed the cut-off at different moments.
const overlap = 4

// begin reads how far the run before came, and touches the days whose inputs have changed
// since.
func (r *run) begin() error {
	r.touched = make(map[ledger.Day]bool)
	r.tallies = make(map[uint64]*reconcile.TotalsTally)
	r.alive = make(map[uint64]bool)
	r.led = make(map[uint64]bool)
	r.previous = make(map[string]reconcile.Break)
	r.found = make(map[ledger.Day][]reconcile.Break)
	r.strangers = make(map[string]ledger.Day)
	r.agreed = make(map[string]bool)
	r.results = make(map[ledger.Day]reconcile.DayResult)
	stated := make(map[provinces.Party]bool)
	return r.view(func(tx *store.Tx) (err error) {
		if r.at, err = tx.Reconciled(); err != nil {
			return err
		}
		position, err := tx.Position(store.StatementsStream)
		if err != nil {
			return err
		}
		r.now = store.Reconciled{Statements: position.Sequence, Evening: r.evening, Record: r.at.Record, Reported: r.at.Reported}
		if err := r.closedDays(tx); err != nil {
			return err
		}
		if err := r.byStatements(tx, stated); err != nil {
			return err
		}
		if err := r.replacedStrays(tx, stated); err != nil {
			return err
		}
		if err := r.byActs(tx); err != nil {
			return err
		}
		return r.byUndoings(tx)
	})
}

// closedDays lists the days that can be matched and touches those that never were.
func (r *run) closedDays(tx *store.Tx) error {
	var failed error
	err := tx.Days(func(day ledger.Day, state store.DayState) bool {
		if day > r.through || state.Phase == store.DayOpen {
			return true
		}
		r.ranges = append(r.ranges, dayRange{day, state.From, state.To})
		r.now.Record = max(r.now.Record, state.To)
		_, matched, err := tx.DayResult(day)
		if failed = err; !matched {
			r.touched[day] = false
		}
		return err == nil
	})
	slices.Reverse(r.ranges)
	if err != nil {
		return err
	}
	return failed
}

// byStatements touches the days that new statements are about, and those that a party's
// horizon has come to reach; stated gets the parties.
func (r *run) byStatements(tx *store.Tx, stated map[provinces.Party]bool) error {
	err := tx.StatementsDecided(r.at.Statements+1, r.now.Statements, func(s *clearing.StatementRecord) error {
		if s.Outcome != provinces.StatementApplied {
			return nil
		}
		stated[s.Party] = true
		for day := s.Statement.From; day <= max(s.Statement.To, s.Statement.Horizon); day++ {
			r.touch(day)
		}
		return r.monthsTotals(tx, &s.Statement)
	})
	if err != nil {
		return err
	}
	return r.reached(tx, stated)
}

// monthsTotals touches the end of a statement's month where the party has stated totals of the whole
// month: what they leave over is told there, and the statement may speak of it.
func (r *run) monthsTotals(tx *store.Tx, s *provinces.Statement) error {
	end := ledger.DayOf(s.To.Time().AddDate(0, 1, -s.To.Time().Day()))
	if _, due := r.touched[end]; due || !r.ranges.has(end) {
		return nil
	}
	inForce, err := tx.StatementsInForceOf(end, s.Party)
	if slices.ContainsFunc(inForce, func(other store.StatementInForce) bool {
		return len(other.Totals) > 0 && other.Statement.From < other.Statement.To
	}) {
		r.touch(end)
	}
	return err
}

// reached touches the days that horizons of parties have come to reach since the run before,
// where bills of their provinces may be awaited: they will not be stated any more.
func (r *run) reached(tx *store.Tx, parties map[provinces.Party]bool) error {
	var moved []passing
	for party := range parties {
		h, err := tx.Horizon(party)
		if err != nil {
			return err
		}
		if before := h.At(r.at.Statements); before < h.Day {
			moved = append(moved, passing{party, before, h.Day})
		}
	}
	for _, closed := range r.ranges {
		_, due := r.touched[closed.day] // of a day that is matched anyway nothing needs to be read
		if due || !slices.ContainsFunc(moved, func(p passing) bool { return p.over(closed.day) }) {
			continue
		}
		result, matched, err := tx.DayResult(closed.day)
		if err != nil {
			return err
		}
		if !matched || slices.ContainsFunc(moved, func(p passing) bool { return p.over(closed.day) && awaits(&result, p.party) }) {
			r.touch(closed.day)
		}
	}
	return nil
}

// passing is a horizon that has moved over the days behind before, up to and with to.
type passing struct {
	party      provinces.Party
	before, to ledger.Day
}

func (p passing) over(day ledger.Day) bool { return p.before < day && day <= p.to }

// awaits reports whether a day's result may await bills that the party could be asked for.
// A bill that one side has otherwise is counted as broken, though it is awaited of another.
func awaits(result *reconcile.DayResult, party provinces.Party) bool {
	return !result.Final && slices.ContainsFunc(result.Pairs, func(p reconcile.PairResult) bool {
		area := p.Treatment
		if party.Kind == provinces.PartyHome {
			area = p.Home
		}
		return p.Expected.Count+p.Broken.Count > 0 && area.Province() == party.Province
	})
}

// byUndoings touches the days of bills that were taken back since, where a break about the
// bill is not gone: bill and cancellation may explain each other.
func (r *run) byUndoings(tx *store.Tx) error {
	if r.at.Record == 0 {
		return nil // every day is matched
	}
	return tx.Undoings(r.at.Record+1, r.now.Record, func(u store.Undoing) error {
		b, err := tx.Break(reconcile.BillKey(u.Original))
		if err == nil && b != nil && b.State != reconcile.Gone {
			r.touch(b.Day)
		}
		return err
	})
}
