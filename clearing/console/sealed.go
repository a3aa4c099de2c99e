package console

import (
	"clearingd/clearing/report"
	"clearingd/ledger"
)

// sealedSums is the report's figure whose bills the query selects; nil if no single
// figure of the report has just these bills.
func sealedSums(r report.Report, q BillQuery) *report.Sums {
	home, treatment := ledger.Province(q.Home), ledger.Province(q.Treatment)
	switch {
	case len(q.Home) == 6 && len(q.Treatment) == 6:
		if ledger.Area(q.Home).Province() != ledger.Area(q.Treatment).Province() || q.Scope == Between {
			return nil
		}
		return areaPair(r, ledger.Area(q.Home), ledger.Area(q.Treatment))
	case len(q.Home) == 6 || len(q.Treatment) == 6:
		return nil
	case q.Home != "" && q.Treatment != "" && home != treatment && q.Scope != Within:
		return pairSums(r, home, treatment)
	case q.Home != "" && (home == treatment || treatment == "") && q.Scope == Within,
		q.Home != "" && home == treatment && q.Scope == Everywhere:
		return provinceSums(r.InternalByProvince, home)
	case q.Scope == Between && q.Home == "" && q.Treatment == "":
		return &r.Totals.Sums
	case q.Scope == Between && q.Treatment == "":
		return provinceSums(r.ByHome, home)
	case q.Scope == Between && q.Home == "":
		return provinceSums(r.ByTreatment, treatment)
	}
	return nil
}

// A figure that the report does not list is a figure of nothing.

func pairSums(r report.Report, home, treatment ledger.Province) *report.Sums {
	for i := range r.Pairs {
		if p := &r.Pairs[i]; p.Home == home && p.Treatment == treatment {
			return &p.Sums
		}
	}
	return &report.Sums{}
}

func areaPair(r report.Report, home, treatment ledger.Area) *report.Sums {
	for i := range r.Internal {
		if p := &r.Internal[i]; p.Home == home && p.Treatment == treatment {
			return &p.Sums
		}
	}
	return &report.Sums{}
}

func provinceSums(totals []report.ProvinceTotal, p ledger.Province) *report.Sums {
	for i := range totals {
		if totals[i].Province == p {
			return &totals[i].Sums
		}
	}
	return &report.Sums{}
}
