package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"clearingd/provinces"
)

// A spreadsheet is opened at the officer's desk, where one that attacks harms nobody
// else; what goes to clearingd is rows of text.
const (
	rowsUnzippedMax = 512 << 20
	sheetColumnsMax = 64
)

// spreadsheetRows turns the first sheet of a workbook into rows: CSV of a province, the
// TAB file of a 3202 of a hospital. The first row holds titles. A cell that is computed is
// refused, whatever it shows; a row without content is passed over. lines has the row of the
// sheet that each line of the file comes from.
func spreadsheetRows(hospital bool, data []byte) (content []byte, format provinces.StatementFormat, lines []int, err error) {
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{RawCellValue: true, UnzipSizeLimit: rowsUnzippedMax, UnzipXMLSizeLimit: 16 << 20})
	if err != nil {
		return nil, "", nil, no("打不开该表格："+err.Error(), "the spreadsheet cannot be opened: "+err.Error())
	}
	defer book.Close()
	name := book.GetSheetName(0)
	rows, err := book.Rows(name)
	if err != nil {
		return nil, "", nil, no("表格中没有工作表", "the workbook has no sheet")
	}
	defer rows.Close()
	var file bytes.Buffer
	write := csvRow(&file)
	if hospital {
		write = tabRow(&file)
	}
	for line := 1; rows.Next(); line++ {
		cells, err := rows.Columns()
		if err == nil {
			err = readCells(book, name, line, cells)
		}
		if err == nil && line > 1 && !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
			continue // formatted, and nothing in it
		}
		if err == nil {
			err = write(line, cells)
		}
		if err != nil {
			return nil, "", nil, err
		}
		if line > 1 || !hospital { // the file of a hospital has no titles
			lines = append(lines, line)
		}
	}
	if err := rows.Error(); err != nil {
		return nil, "", nil, err
	}
	if hospital {
		return file.Bytes(), provinces.FormatTXT, lines, nil
	}
	return file.Bytes(), provinces.FormatCSV, lines, nil
}

// readCells refuses what is computed, and turns numbers into the text that the officer sees.
func readCells(book *excelize.File, sheet string, line int, cells []string) error {
	for i := range min(len(cells), sheetColumnsMax) {
		place, err := excelize.CoordinatesToCellName(i+1, line)
		if err != nil {
			return err
		}
		if formula, err := book.GetCellFormula(sheet, place); err != nil {
			return err
		} else if formula != "" {
			return no(fmt.Sprintf("单元格 %s（第 %d 行）是公式：请粘贴为数值", place, line), fmt.Sprintf("cell %s, line %d, is a formula: paste it as a value", place, line))
		}
		kind, err := book.GetCellType(sheet, place)
		if err != nil {
			return err
		}
		if kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber {
			continue
		}
		text, whole := numberText(cells[i])
		if !whole {
			return no(fmt.Sprintf("单元格 %s（第 %d 行）是超过 15 位的数值，表格软件已丢失其后各位：请把该列设为文本后重新填写", place, line),
				fmt.Sprintf("cell %s, line %d, is a number of more than 15 digits, of which spreadsheets lose the rest: make the column text and fill it in again", place, line))
		}
		cells[i] = text
	}
	return nil
}

// sheetDigits is how many decimal digits of a number a spreadsheet keeps and shows.
const sheetDigits = 15

// numberText is a number as a spreadsheet shows it. The file holds the binary number to 17
// digits: what was typed as 4460.97 may lie there as 4460.9700000000003. Whole is false where
// digits before the point are lost, as of a settlement's id that was typed as a number. What
// is no number stays as it is.
func numberText(raw string) (text string, whole bool) {
	n, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return raw, true
	}
	if math.Abs(n) >= 1e15 {
		return "", false
	}
	n, err = strconv.ParseFloat(strconv.FormatFloat(n, 'g', sheetDigits, 64), 64)
	if err != nil {
		return raw, true
	}
	return strconv.FormatFloat(n, 'f', -1, 64), true
}

// csvRow writes rows as they stand, each as wide as the titles.
func csvRow(file *bytes.Buffer) func(int, []string) error {
	width := 0
	return func(line int, cells []string) error {
		if line == 1 {
			width = len(cells)
		}
		if len(cells) > width {
			return no(fmt.Sprintf("第 %d 行比表头宽", line), fmt.Sprintf("line %d is wider than the titles", line))
		}
		for len(cells) < width {
			cells = append(cells, "")
		}
		if at := slices.IndexFunc(cells, func(cell string) bool { return strings.ContainsAny(cell, "\r\n") }); at >= 0 {
			return no(fmt.Sprintf("第 %d 行第 %d 列含有换行", line, at+1), fmt.Sprintf("line %d, column %d: a line's end within", line, at+1))
		}
		w := csv.NewWriter(file)
		if err := w.Write(cells); err != nil {
			return err
		}
		w.Flush()
		return w.Error()
	}
}

// tabRow writes the columns of a 3202 in their order, and finds them by the titles.
func tabRow(file *bytes.Buffer) func(int, []string) error {
	columns := []string{"setl_id", "mdtrt_id", "psn_no", "medfee_sumamt", "fund_pay_sumamt", "acct_pay", "refd_setl_flag"}
	titles := []string{"结算ID", "就诊ID", "人员编号", "医疗费总额", "基金支付总额", "个人账户支出", "退费结算标志"}
	required := []string{"setl_id", "medfee_sumamt", "fund_pay_sumamt", "acct_pay"}
	at := map[string]int{}
	return func(line int, cells []string) error {
		if line == 1 {
			for i, cell := range cells {
				for n := range columns {
					if text := strings.TrimSpace(cell); text != columns[n] && text != titles[n] {
						continue
					}
					if _, twice := at[columns[n]]; twice {
						return no("表头中有两列 "+titles[n], "the titles have two columns "+columns[n])
					}
					at[columns[n]] = i
				}
			}
			for n, column := range columns {
				if _, ok := at[column]; !ok && slices.Contains(required, column) {
					return no("表头缺少列 "+titles[n], "the titles lack the column "+column+" ("+titles[n]+")")
				}
			}
			return nil
		}
		for n, column := range columns {
			cell := ""
			if i, ok := at[column]; ok && i < len(cells) {
				cell = strings.TrimSpace(cells[i])
			}
			if strings.ContainsAny(cell, "\t\r\n") {
				return no(fmt.Sprintf("第 %d 行 %s 含有换行或制表符", line, column), fmt.Sprintf("line %d, %s: a TAB or a line's end within", line, column))
			}
			if cell == "" {
				cell = "null"
			}
			if n > 0 {
				file.WriteByte('\t')
			}
			file.WriteString(cell)
		}
		file.WriteByte('\n')
		return nil
	}
}
