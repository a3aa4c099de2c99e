package console

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Books answers what the pages ask. Each method may be called at any time by many
// requests at once, and should stop when its context ends.
//
// A thing that does not exist is [ErrNotFound], books that cannot answer now are
// [ErrUnavailable]; any other error is shown as our own fault, without its text.
type Books interface {
	Status(context.Context) (service.StatusReply, error)
	Days(context.Context) (service.DaysReply, error)
	Claim(context.Context, service.ClaimRequest) (service.ClaimReply, error)
	Balances(context.Context, service.BalancesRequest) (service.BalancesReply, error)
	// Bills lists bills, and what undoes them, in the books' order.
	Bills(context.Context, BillQuery) (BillPage, error)
	// Messages lists records of one day in the books' order, whatever their outcome.
	Messages(context.Context, MessageQuery) (MessagePage, error)
	// ReportFile opens a file of a report. folder is "yyyy-MM-dd", or two such days
	// joined by "_"; name is one of a fixed list. Neither can leave the reports' folder.
	ReportFile(ctx context.Context, folder, name string) (File, error)
}

// Errors a [Books] answers with; they may be wrapped.
var (
	ErrNotFound    = errors.New("console: no such thing in the books")
	ErrUnavailable = errors.New("console: the books cannot answer now")
)

// Scope tells bills between provinces from those within one.
type Scope string

// Scopes of a [BillQuery].
const (
	Everywhere Scope = ""
	Between    Scope = "between" // home and treatment in different provinces: the national matrix
	Within     Scope = "within"  // in one province: its internal clearing
)

// BillQuery selects bills. Every field must hold; zero values select all.
type BillQuery struct {
	From, To  ledger.Day // business days, inclusive
	Home      string     // a province (two digits) or an area (six)
	Treatment string     // the same
	Scope     Scope
	Outcome   provinces.Outcome // Booked, Cancelled or Reversed
	After     uint64            // only records with a greater books' number
	Limit     int               // at most so many, above 0
}

// BillPage is a part of a list of bills, by books' number.
type BillPage struct {
	Bills    []report.Bill
	Next     uint64 // After of the next part; 0: this is the end
	Searched uint64 // the part ended here before it was full, so as not to take too long; 0: it did not
}

// MessageQuery selects records of one day. Every field must hold; zero values select all.
type MessageQuery struct {
	Day     ledger.Day
	Stream  ledger.Province // treatment province whose stream held the message
	Outcome provinces.Outcome
	Code    provinces.Code // of a refusal
	After   uint64         // only records with a greater books' number
	Limit   int            // at most so many, above 0
}

// MessagePage is a part of a list of messages, by books' number.
type MessagePage struct {
	Messages []Message
	Next     uint64 // After of the next part; 0: this is the end
	Searched uint64 // as in BillPage
}

// Message is one record as a line of a list.
type Message struct {
	Entry     uint64 // the books' number
	Stream    ledger.Province
	Sequence  uint64
	Subject   string    // as published; holds no identity
	Received  time.Time // the broker's timestamp, in China's zone
	Infno     string    // "" where the message could not be read
	Home      ledger.Area
	Treatment ledger.Area
	Provider  string
	Outcome   provinces.Outcome
	Code      provinces.Code // 0 unless refused or quarantined
	Errors    []provinces.FieldError
	Original  uint64 // the record it repeats or undoes; 0: none
}

// File is an open file of a report; whoever gets it closes it.
type File struct {
	io.ReadSeekCloser
	Modified time.Time
}

// Options of a console. The zero value serves.
type Options struct {
	// AreaName names a pooling area; nil shows its province and code.
	AreaName func(ledger.Area, provinces.Language) string
	// Reconciliation answers the pages about breaks and statements; nil: this installation
	// asks nobody for statements, and has no such pages.
	Reconciliation Reconciliation
	// Failed hears of errors that are our own fault, with the pattern of the page;
	// nil drops them.
	Failed func(page string, err error)
}

// New makes the console over the books.
func New(books Books, options Options) http.Handler {
	c := &console{books: books, options: options, sealed: make(map[ledger.Day]sealedSummary)}
	c.pages = parsePages(options.AreaName)
	mux := http.NewServeMux()
	views := map[string]view{
		"/{$}":                     c.overview,
		"/days":                    c.days,
		"/days/{day}":              c.day,
		"/days/{day}/pairs/{pair}": c.pair,
		"/days/{day}/bills":        c.dayBills,
		"/days/{day}/messages":     c.messages,
		"/bills":                   c.rangeBills,
		"/claims":                  c.findClaim,
		"/claims/{record}":         c.claim,
		"/balances":                c.balances,
		"/reports/{folder}/{file}": c.file,
		"/":                        func(*http.Request) (response, error) { return nil, ErrNotFound },
	}
	if options.Reconciliation != nil {
		maps.Copy(views, map[string]view{
			"/breaks":                            c.breaksList,
			"/break":                             c.oneBreak,
			"/providers/{provider}":              c.provider,
			"/statements/{party}":                c.statements,
			"/reconciliation/{day}":              c.reconciledDay,
			"/reconciliation/{day}/pairs/{pair}": c.standings,
		})
	}
	for pattern, view := range views {
		mux.Handle(pattern, c.handler(view))
	}
	return guard(mux, c)
}

// console is what all pages share.
type console struct {
	books   Books
	options Options
	pages   map[provinces.Language]pageSet

	mutex  sync.Mutex
	sealed map[ledger.Day]sealedSummary // summaries of closed days, which never change
}

// view makes the response to a request, or says why there is none.
type view func(*http.Request) (response, error)

// response writes itself; it is a page, a file or a redirection.
type response interface {
	write(c *console, w http.ResponseWriter, r *http.Request)
}

func (c *console) handler(v view) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := c.chosen(w, r, v)
		if err != nil {
			c.fail(w, r, err)
			return
		}
		answer.write(c, w, r)
	})
}

// chosen remembers the language before the view is asked.
func (c *console) chosen(w http.ResponseWriter, r *http.Request, v view) (response, error) {
	q, err := parameters(r)
	if err != nil {
		return nil, err
	}
	if err := rememberLanguage(w, r, q); err != nil {
		return nil, err
	}
	return v(r)
}

// guard lets GET and HEAD through, and gives every response the headers that make it
// inert wherever it is served.
func guard(next http.Handler, c *console) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		if !slices.Contains([]string{http.MethodGet, http.MethodHead}, r.Method) {
			h.Set("Allow", "GET, HEAD")
			c.fail(w, r, errMethod)
			return
		}
		next.ServeHTTP(w, r)
	})
}
