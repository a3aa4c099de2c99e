package console

import (
	"net/http"
	"strings"
)

// reportFile is a file of a sealed report and how it is served.
type reportFile struct {
	Name   string
	Type   string // Content-Type
	Inline bool   // shown in the browser; else kept as a file
}

// reportModel is the file that holds the whole report for programs.
const reportModel = "report.json"

// reportFiles are all names that can be asked for, in the order pages list them.
var reportFiles = []reportFile{
	{"report.html", "text/html; charset=utf-8", true},
	{"report.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", false},
	{"obligations.csv", "text/csv; charset=utf-8", false},
	{"entries.csv", "text/csv; charset=utf-8", false},
	{"breaks.csv", "text/csv; charset=utf-8", false},
	{"breaks.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", false},
	{reportModel, "application/json", true},
	{"journal.hledger", "text/plain; charset=utf-8", true},
	{"journal.beancount", "text/plain; charset=utf-8", true},
}

// sealedPolicy lets a report's page have the style sheet inside it, which its own policy
// names by digest, and nothing else.
const sealedPolicy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// sealedFile is a file of a report as a response.
type sealedFile struct {
	reportFile
	folder string
	file   File
}

// file opens a report's file. Folder and name are checked against their grammar and
// list before anybody sees them.
func (c *console) file(r *http.Request) (response, error) {
	folder, name := r.PathValue("folder"), r.PathValue("file")
	if _, _, err := parseFolder(folder); err != nil {
		return nil, err
	}
	for _, f := range reportFiles {
		if f.Name == name {
			file, err := c.books.ReportFile(r.Context(), folder, name)
			return sealedFile{f, folder, file}, err
		}
	}
	return nil, ErrNotFound
}

func (f sealedFile) write(_ *console, w http.ResponseWriter, r *http.Request) {
	defer f.file.Close()
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("Content-Security-Policy", sealedPolicy)
	disposition := "attachment"
	if f.Inline {
		disposition = "inline"
	}
	base, extension, _ := strings.Cut(f.Name, ".")
	h.Set("Content-Disposition", disposition+`; filename="`+base+"-"+f.folder+"."+extension+`"`)
	http.ServeContent(w, r, "", f.file.Modified, f.file)
}
