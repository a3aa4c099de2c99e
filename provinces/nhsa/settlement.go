package nhsa

import (
	"fmt"
	"time"

	"clearingd/ledger"
	"clearingd/provinces"
)

const clearingTypeInpatient = "21" // clr_type 住院

// checkSettlement holds what every bill must hold: the scope amounts add up to the
// total, and so do those who pay it; a fund stands once; all amounts have one sign.
func checkSettlement(s *provinces.Settlement) error {
	scope, err := ledger.Sum(s.OwnExpense, s.OverLimit, s.SelfPayFirst, s.InScope)
	if err != nil || scope != s.Total {
		return fmt.Errorf("%w: scope amounts add up to %s, total %s", ErrAnswer, scope, s.Total)
	}
	payers := []ledger.Amount{s.Account, s.Cash, s.HospitalPart}
	seen := make(map[ledger.Fund]bool, len(s.Funds))
	for _, f := range s.Funds {
		if seen[f.Fund] || provinces.FundMember(f.Fund) == "" {
			return fmt.Errorf("%w: fund %s among the funds", ErrAnswer, f.Fund)
		}
		seen[f.Fund] = true
		payers = append(payers, f.Amount)
	}
	paid, err := ledger.Sum(payers...)
	if err != nil || paid != s.Total {
		return fmt.Errorf("%w: payments add up to %s, total %s", ErrAnswer, paid, s.Total)
	}
	for _, a := range append(payers, s.OwnExpense, s.OverLimit, s.SelfPayFirst, s.InScope, s.DeductiblePaid) {
		if a < 0 && s.Total >= 0 || a > 0 && s.Total <= 0 {
			return fmt.Errorf("%w: amount %s in a bill of %s", ErrAnswer, a, s.Total)
		}
	}
	return nil
}

// writeSettlement writes output.setlinfo and output.setldetail in the order of the
// national tables (sections 2.5 and 2.7). What a cancellation's table does not have,
// the person and the visit's kind, is not written there.
func (d *Dialect) writeSettlement(w *writer, a *provinces.Answer) {
	s := a.Settlement
	w.object("setlinfo", func() {
		w.text("mdtrt_id", s.VisitID)
		w.optional("setl_id", s.ID) // an estimate has none
		if a.Infno != provinces.InfnoCancel {
			writePerson(w, s)
		}
		w.text("setl_time", s.SettledAt.In(china).Format(time.DateTime))
		if a.Infno != provinces.InfnoCancel {
			w.optional("mdtrt_cert_type", s.CertType)
			w.text("med_type", s.MedType)
		}
		writeAmounts(w, s)
		w.text("medins_setl_id", s.MsgID)
		w.text("clr_optins", string(s.ClearingOptin))
		w.text("clr_way", d.settings.ClearingWay)
		w.text("clr_type", clearingTypeInpatient)
	})
	w.array("setldetail", func() { writeDetails(w, s) })
}

// writePerson writes who was insured how. Names and certificates are absent: the house
// does not know them.
func writePerson(w *writer, s *provinces.Settlement) {
	w.text("psn_no", s.PersonNo)
	if s.Birth != nil {
		w.text("brdy", s.Birth.String())
	}
	w.text("insutype", s.Insutype)
	w.text("psn_type", s.PersonType)
	w.flag("cvlserv_flag", s.CivilServant)
}

// writeAmounts writes the bill, how it was split and who pays it. fund_pay_sumamt is the
// funds alone, without the personal account and the hospital's part (identities B to E
// of section 2.6). Every member is always there: a zero is a statement.
func writeAmounts(w *writer, s *provinces.Settlement) {
	members := map[string]ledger.Amount{}
	var funds ledger.Amount // cannot overflow: the funds are parts of a checked bill
	for _, f := range s.Funds {
		members[provinces.FundMember(f.Fund)] += f.Amount
		funds += f.Amount
	}
	w.amount("medfee_sumamt", s.Total)
	w.amount("fulamt_ownpay_amt", s.OwnExpense)
	w.amount("overlmt_selfpay", s.OverLimit)
	w.amount("preselfpay_amt", s.SelfPayFirst)
	w.amount("inscp_scp_amt", s.InScope)
	w.amount("act_pay_dedc", s.DeductiblePaid)
	w.amount("hifp_pay", members["hifp_pay"])
	w.text("pool_prop_selfpay", shareScale.format(s.PoolRatio))
	for _, name := range []string{"cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "hifdm_pay"} {
		w.amount(name, members[name])
	}
	w.amount("hosp_part_amt", s.HospitalPart)
	w.amount("oth_pay", members["oth_pay"])
	w.amount("fund_pay_sumamt", funds)
	w.amount("psn_part_amt", s.Account+s.Cash)
	w.amount("acct_pay", s.Account)
	w.amount("psn_cash_pay", s.Cash)
	w.amount("balc", s.Balance)
	w.amount("acct_mulaid_pay", 0)
}

// writeDetails writes one row a fund, then the personal account and the hospital's
// part where they pay something: together they are fund_pay_sumamt + acct_pay +
// hosp_part_amt (identity F).
func writeDetails(w *writer, s *provinces.Settlement) {
	for _, f := range s.Funds {
		writeDetail(w, s, f)
	}
	for _, f := range []provinces.FundAmount{{Fund: ledger.FundAccount, Amount: s.Account}, {Fund: provinces.FundHospital, Amount: s.HospitalPart}} {
		if f.Amount != 0 {
			writeDetail(w, s, f)
		}
	}
}

func writeDetail(w *writer, s *provinces.Settlement, f provinces.FundAmount) {
	w.open('{')
	w.text("fund_pay_type", string(f.Fund))
	w.amount("inscp_scp_amt", s.InScope)
	w.amount("fund_payamt", f.Amount)
	w.text("fund_pay_type_name", provinces.FundName(f.Fund, provinces.Chinese))
	w.close('}')
}
