// Package statement reads what parties state of their bills and writes what they are told
// about it. [Dialect] turns a statement's head into a provinces.Statement or a numbered
// refusal, its file into rows one at a time, and a result into bytes. It does no I/O of its
// own, reads no clock and keeps no state; of a file it holds one line.
//
// # Heads
//
// A provider's head is the national envelope of 3201 or 3202, which provinces/nhsa reads. A
// province's head is a JSON document of our own:
//
//	doctype admdvs begndate enddate [horizon] [serial] [refd_setl_flag] totals [file]
//	totals[]  [insutype] [clr_type] [setl_optins] [counterpart] setl_cnt medfee_sumamt
//	          fund_pay_sumamt [acct_pay] [psn_cash_pay]
//	file      parts bytes sha256 format [charset]
//
// It is read strictly: unknown members are refused, because a misspelt horizon would
// otherwise mean something else. docs/statement-interface.md explains each member.
//
// # Files
//
//	txt    3202: TAB between columns, no header, the word null for what is missing
//	zip    one such file, zipped; nothing else in it, and no more than 256 MiB of it
//	csv    a header of wire names or their Chinese titles; cells may be quoted
//	jsonl  one JSON object a line
//
// Characters are UTF-8, with or without a byte order mark, or GBK where the head says so.
// Every error names the line of the file, counted from 1, and the column. A cell that a
// spreadsheet would compute is refused wherever it stands: files like these are opened in
// spreadsheets by people.
//
// # Not here
//
// Whose rows they are, whether they add up and whether one stands twice: that is the
// clearing's. Spreadsheets themselves: clearctl turns them into rows before they are sent.
package statement
