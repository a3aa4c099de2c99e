package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"clearingd/clearing"
	"clearingd/provinces"
	"clearingd/provinces/statement"
)

// statementDraft is a statement as it would be published.
type statementDraft struct {
	party provinces.Party
	id    string
	parts [][]byte // head, then the file
	file  []byte
	rows  int64 // of a checked one
	sheet []int // of a spreadsheet: the row that each line of the file comes from
}

// rowsOfFile finds out what a file of rows is by its name, and makes rows of a spreadsheet.
func rowsOfFile(party provinces.Party, name string, data []byte) ([]byte, provinces.StatementFormat, []int, error) {
	hospital := party.Kind == provinces.PartyProvider
	switch format := provinces.StatementFormat(strings.TrimPrefix(strings.ToLower(filepath.Ext(name)), ".")); {
	case format == "xlsx":
		return spreadsheetRows(hospital, data)
	case hospital && (format == provinces.FormatTXT || format == provinces.FormatZIP),
		!hospital && (format == provinces.FormatCSV || format == provinces.FormatJSONL):
		return data, format, nil, nil
	}
	return nil, "", nil, usageError("医院的明细为 .txt .zip .xlsx，各省的为 .csv .jsonl .xlsx："+name,
		"rows of a hospital are .txt, .zip or .xlsx, those of a province .csv, .jsonl or .xlsx: "+name)
}

// assemble cuts the file and fills in what the head says of it.
func (d *statementDraft) assemble(head, file []byte, format provinces.StatementFormat, charset string) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(head, &members); err != nil {
		return usageError("报文头不是 JSON 对象："+err.Error(), "the head is not a JSON object: "+err.Error())
	}
	d.parts, d.file = [][]byte{head}, file
	if file == nil {
		return nil
	}
	if len(file) > provinces.StatementBytesMax {
		return no("明细文件超过 256 MiB", "the rows are more than 256 MiB")
	}
	for begin := 0; begin < len(file); begin += provinces.StatementPartBytesMax {
		d.parts = append(d.parts, file[begin:min(begin+provinces.StatementPartBytesMax, len(file))])
	}
	sum := sha256.Sum256(file)
	about := map[string]any{
		"parts": len(d.parts) - 1, "bytes": len(file), "sha256": hex.EncodeToString(sum[:]), "format": format, "charset": charset,
	}
	var err error
	if d.party.Kind == provinces.PartyProvider {
		err = setStmt(members, about)
	} else {
		members["file"], err = json.Marshal(about)
	}
	if err == nil {
		d.parts[0], err = json.Marshal(members)
	}
	return err
}

// setStmt puts what is said of the file into input.stmt, beside what is there.
func setStmt(members map[string]json.RawMessage, about map[string]any) error {
	input, stmt := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if len(members["input"]) > 0 {
		if err := json.Unmarshal(members["input"], &input); err != nil {
			return usageError("input 不是对象", "input is not an object")
		}
	}
	if len(input["stmt"]) > 0 {
		if err := json.Unmarshal(input["stmt"], &stmt); err != nil {
			return usageError("input.stmt 不是对象", "input.stmt is not an object")
		}
	}
	for name, value := range about {
		raw, err := json.Marshal(value)
		if err != nil {
			return err
		}
		stmt[name] = raw
	}
	var err error
	if input["stmt"], err = json.Marshal(stmt); err == nil {
		members["input"], err = json.Marshal(input)
	}
	return err
}

// checkStatement makes the checks of clearingd that need no books.
func (a *app) checkStatement(d *statementDraft) error {
	wrong := func(err error) error {
		zh, en := refusalWords(d.inSheet(err))
		return no("对账单有误："+zh, "the statement is wrong: "+en)
	}
	s, err := statement.Dialect{}.Head(d.party, d.id, d.parts[0])
	if err != nil {
		return wrong(err)
	}
	if s.File == nil {
		return nil
	}
	if d.file == nil {
		return usageError("报文头说有明细，但没有 --file", "the head says that there are rows, but there is no --file")
	}
	check := clearing.NewStatementCheck(&s, nil)
	again := func(row *provinces.StatementRow) (bool, error) { check.Again(row); return true, nil }
	if err := eachRow(&s, d.file, check.Refuse, check.Row); err != nil {
		return err
	}
	check.Totals()
	if check.Suspects() {
		if err := eachRow(&s, d.file, func(*provinces.RejectError) {}, again); err != nil {
			return err
		}
	}
	d.rows = check.Rows()
	if refusal := check.Refusal(); refusal != nil {
		return wrong(refusal)
	}
	return nil
}

// inSheet names the places of a refusal by the rows of the spreadsheet that the file was made
// from.
func (d *statementDraft) inSheet(err error) error {
	var refusal *provinces.RejectError
	if len(d.sheet) == 0 || !errors.As(err, &refusal) {
		return err
	}
	there := *refusal
	there.Errors = slices.Clone(refusal.Errors)
	for i := range there.Errors {
		e := &there.Errors[i]
		place, column, _ := strings.Cut(e.Field, ",")
		number, ok := strings.CutPrefix(place, "line ")
		if line, err := strconv.Atoi(number); ok && err == nil && line >= 1 && line <= len(d.sheet) {
			e.Field = "line " + strconv.Itoa(d.sheet[line-1])
			if column != "" {
				e.Field += "," + column
			}
		}
	}
	return &there
}

// eachRow reads a file's rows, and the lines that are none.
func eachRow(s *provinces.Statement, file []byte, bad func(*provinces.RejectError), good func(*provinces.StatementRow) (bool, error)) error {
	err := provinces.EachStatementRow(statement.Dialect{}, s, bytes.NewReader(file), bad, good)
	if err != nil {
		return fmt.Errorf("the rows cannot be read: %w", err)
	}
	return nil
}
