package statement

import (
	"fmt"

	"github.com/go-json-experiment/json"

	"clearingd/ledger"
	"clearingd/provinces"
)

// resultDocument is what a province is told about its statement.
type resultDocument struct {
	Doctype string             `json:"doctype"` // statement-result
	ID      string             `json:"id"`
	Number  uint64             `json:"number"`
	Outcome string             `json:"outcome"`
	Code    int                `json:"code"`
	ZH      string             `json:"zh,omitzero"`
	EN      string             `json:"en,omitzero"`
	Errors  []errorDocument    `json:"error,omitzero"`
	Tied    bool               `json:"tied"` // every total agrees with the books
	Totals  []comparedDocument `json:"totals,omitzero"`
}

type errorDocument struct {
	Code     int    `json:"code"`
	Field    string `json:"field"`
	Expected string `json:"expected"`
	Found    string `json:"found"`
}

type comparedDocument struct {
	Insutype    string          `json:"insutype,omitzero"`
	Type        string          `json:"clr_type,omitzero"`
	Agency      string          `json:"setl_optins,omitzero"`
	Counterpart string          `json:"counterpart,omitzero"`
	Result      string          `json:"stmt_rslt"`
	Yours       figuresDocument `json:"yours"`
	Ours        figuresDocument `json:"ours"`
}

type figuresDocument struct {
	Count   int64          `json:"setl_cnt"`
	Total   ledger.Amount  `json:"medfee_sumamt"`
	Funds   ledger.Amount  `json:"fund_pay_sumamt"`
	Account *ledger.Amount `json:"acct_pay,omitzero"`
	Cash    *ledger.Amount `json:"psn_cash_pay,omitzero"`
}

// writeResult writes a province's result.
func writeResult(r provinces.StatementResult) ([]byte, error) {
	d := resultDocument{
		Doctype: "statement-result", ID: r.Statement.ID, Number: r.Number, Outcome: string(r.Outcome), Code: int(r.Code),
		Tied: r.Code == 0,
	}
	if r.Code != 0 {
		d.ZH, d.EN = r.Code.Text().ZH, r.Code.Text().EN
	}
	for _, e := range r.Errors {
		d.Errors = append(d.Errors, errorDocument{int(e.Code), e.Field, e.Expected, e.Found})
	}
	for i := range r.Totals {
		c := &r.Totals[i]
		d.Tied = d.Tied && c.Result == provinces.StatementBalanced
		d.Totals = append(d.Totals, comparedDocument{
			Insutype: c.Yours.Insutype, Type: c.Yours.ClearingType, Agency: string(c.Yours.Agency), Counterpart: string(c.Yours.Counterpart),
			Result: c.Result, Yours: figuresOf(&c.Yours), Ours: figuresOf(&c.Ours),
		})
	}
	body, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("statement: result: %w", err)
	}
	return body, nil
}

func figuresOf(t *provinces.StatementTotal) figuresDocument {
	return figuresDocument{Count: t.Count, Total: t.Total, Funds: t.Funds, Account: t.Account, Cash: t.Cash}
}
