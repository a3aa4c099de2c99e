package console

import (
	"context"
	"errors"
	"net/http"
)

// Rules a request can break.
var (
	errMethod    = errors.New("console: pages are read, not written")
	errParameter = errors.New("console: a parameter is not in its grammar")
)

// failures are what people are told about an error: the status and the sentence. The
// first that fits counts; what fits none is our own fault.
var failures = []struct {
	is     error
	status int
	text   string // key of the sentence
}{
	{errMethod, http.StatusMethodNotAllowed, "fail.method"},
	{errParameter, http.StatusBadRequest, "fail.parameter"},
	{ErrNotFound, http.StatusNotFound, "fail.notfound"},
	{ErrUnavailable, http.StatusServiceUnavailable, "fail.unavailable"},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "fail.unavailable"},
}

// failureView is what the page of an error shows.
type failureView struct {
	Status int
	Text   phrase
}

// fail answers with the page of an error. The error's own text stays here: it may name
// what a reader should not see.
func (c *console) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // nobody is there to read it
	}
	told := failureView{http.StatusInternalServerError, phrases["fail.internal"]}
	for _, f := range failures {
		if errors.Is(err, f.is) {
			told = failureView{f.status, phrases[f.text]}
			break
		}
	}
	if told.Status == http.StatusInternalServerError {
		c.failed(r.Pattern, err)
	}
	page{name: "failure", status: told.Status, title: told.Text, data: told}.write(c, w, r)
}

// failed tells the owner about an error of ours.
func (c *console) failed(where string, err error) {
	if c.options.Failed != nil {
		c.options.Failed(where, err)
	}
}
