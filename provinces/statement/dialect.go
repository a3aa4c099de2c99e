package statement

import (
	"io"

	"clearingd/provinces"
	"clearingd/provinces/nhsa"
)

// Dialect reads statements. It has no settings.
type Dialect struct{}

var _ provinces.StatementAdapter = Dialect{}

// Head reads part 0: see [provinces.StatementAdapter]. It holds the body against the
// subject, which is what permissions guard.
func (Dialect) Head(party provinces.Party, id string, body []byte) (provinces.Statement, error) {
	var s provinces.Statement
	var err error
	if party.Kind == provinces.PartyProvider {
		s, err = nhsa.ReadStatement(body)
	} else {
		s, err = readHead(party.Kind, body)
	}
	said := s.Party
	s.Party, s.ID = party, id
	if err == nil {
		err = agree(party, said)
	}
	if err == nil {
		err = ownTotals(&s)
	}
	if err != nil {
		return provinces.Statement{Party: party, ID: id, Infno: s.Infno, MsgID: s.MsgID, Area: s.Area, Serial: s.Serial}, err
	}
	return s, nil
}

// agree holds what the body says of its sender against the subject.
func agree(subject, body provinces.Party) error {
	if refusal := provinces.AgreeOn(
		provinces.SaidTwice{Field: areaField(subject.Kind), Subject: string(subject.Province), Body: string(body.Province)},
		provinces.SaidTwice{Field: "fixmedins_code", Subject: subject.Provider, Body: body.Provider},
	); refusal != nil {
		return refusal
	}
	return nil
}

func areaField(kind provinces.PartyKind) string {
	if kind == provinces.PartyProvider {
		return "mdtrtarea_admvs"
	}
	return "admdvs"
}

// ownTotals refuses totals of an agency of another province.
func ownTotals(s *provinces.Statement) error {
	for i := range s.Totals {
		agency := s.Totals[i].Agency
		if agency != "" && agency.Province() != s.Party.Province {
			return provinces.Reject(provinces.CodeStatementForeign, totalField(s, i, "setl_optins"), string(s.Party.Province)+"....", string(agency))
		}
	}
	return nil
}

// totalField names a member of a total as the sender's form has it.
func totalField(s *provinces.Statement, i int, member string) string {
	return provinces.StatementTotalField(s, i, member)
}

// Rows opens a statement's file: see [provinces.StatementAdapter].
func (Dialect) Rows(s *provinces.Statement, file io.ReaderAt) (provinces.StatementRows, error) {
	var source io.Reader = io.NewSectionReader(file, 0, s.File.Bytes)
	format := s.File.Format
	if format == provinces.FormatZIP {
		unzipped, err := unzip(file, s.File.Bytes)
		if err != nil {
			return nil, err
		}
		source, format = unzipped, provinces.FormatTXT
	}
	lines := newLines(source, s.File.Charset)
	switch format {
	case provinces.FormatCSV:
		return newTable(lines)
	case provinces.FormatJSONL:
		return &objects{lines: lines}, nil
	}
	return &tabbed{lines: lines}, nil
}

// Result writes the body of an answer: see [provinces.StatementAdapter].
func (Dialect) Result(r provinces.StatementResult) ([]byte, error) {
	if r.Statement.Party.Kind == provinces.PartyProvider {
		return nhsa.WriteStatementResult(r)
	}
	return writeResult(r)
}

// ResultLine adds a line of result.txt to b.
func (Dialect) ResultLine(b []byte, line provinces.StatementResultLine) []byte {
	return nhsa.AppendResultLine(b, line)
}
