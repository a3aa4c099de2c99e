package bus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clearingd/provinces"
)

// answersOf are the answers to the test claims, numbered as the books would.
func answersOf(from, to int) []provinces.Envelope {
	var all []provinces.Envelope
	for n := from; n <= to; n++ {
		all = append(all, provinces.Envelope{
			Subject: fmt.Sprintf("answers.31.65.H31010100001.M%d", n),
			Header:  map[string]string{provinces.HeaderEntry: strconv.Itoa(n), provinces.HeaderOutcome: "booked"},
			Body:    fmt.Appendf(nil, `{"infcode":0,"n":%d}`, n),
		})
	}
	return all
}

// stored lists what ANSWERS holds, in order.
func (f *bench) stored() (numbers []uint64) {
	f.t.Helper()
	if _, err := f.AnswersSince(f.t.Context(), 0, func(batch []StoredAnswer) error {
		for _, a := range batch {
			numbers = append(numbers, a.Number)
		}
		return nil
	}); err != nil {
		f.t.Fatal(err)
	}
	return numbers
}

func count(from, to uint64) (all []uint64) {
	for n := from; n <= to; n++ {
		all = append(all, n)
	}
	return all
}

func TestPublishAnswersIsIdempotentAndInOrder(t *testing.T) {
	f := newBench(t)
	for _, step := range []struct {
		name     string
		from, to int
		last     uint64
	}{
		{"a few", 1, 3, 3},
		{"the same again", 1, 3, 3},
		{"a batch", 4, 20, 20},
		{"the same batch again", 4, 20, 20},
		{"a batch that begins with stored ones", 15, 30, 30},
		{"none", 1, 0, 30},
	} {
		if err := f.PublishAnswers(t.Context(), answersOf(step.from, step.to)); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if diff := cmp.Diff(count(1, step.last), f.stored()); diff != "" {
			t.Fatalf("%s (-want +stored):\n%s", step.name, diff)
		}
		if n, ok, err := f.LastAnswer(t.Context()); n != step.last || !ok || err != nil {
			t.Errorf("%s: last answer %d, %v, %v", step.name, n, ok, err)
		}
	}
}

func TestPublishAnswersNeverReplacesOne(t *testing.T) {
	f := newBench(t)
	answers := answersOf(1, 1)
	if err := f.PublishAnswers(t.Context(), answers); err != nil {
		t.Fatal(err)
	}
	other := answersOf(1, 1)
	other[0].Body = []byte("other")
	if err := f.PublishAnswers(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	got, ok, err := f.Answer(t.Context(), claim(1))
	if diff := cmp.Diff(answers[0], got); !ok || err != nil || diff != "" {
		t.Errorf("%v, %v (-want +got):\n%s", ok, err, diff)
	}
	if _, ok, err := f.Answer(t.Context(), claim(2)); ok || err != nil {
		t.Errorf("an answer nobody gave: %v, %v", ok, err)
	}
}

func TestPublishAnswersWaitsForTheBroker(t *testing.T) {
	f := newBench(t)
	f.server.Shutdown()
	done := make(chan error, 1)
	go func() { done <- f.PublishAnswers(soon(t), answersOf(1, 12)) }()
	select {
	case err := <-done:
		t.Fatalf("gave up: %v", err)
	case <-time.After(150 * time.Millisecond):
	}
	f.start()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(count(1, 12), f.stored()); diff != "" {
		t.Error(diff)
	}
}

func TestPublishAnswersGivesUp(t *testing.T) {
	f := newBench(t)
	large := answersOf(1, 3)
	large[1].Body = bytes.Repeat([]byte("x"), MaxPayload)
	if err := f.PublishAnswers(t.Context(), large); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large with its headers: %v", err)
	}
	f.server.Shutdown()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := f.PublishAnswers(ctx, answersOf(1, 1)); err == nil {
		t.Error("no broker, no time left, no error")
	}
}

// TestLastAnswerSeesClaimsOnly: results of statements lie in the same stream, some
// under subjects with as many tokens.
func TestLastAnswerSeesClaimsOnly(t *testing.T) {
	f := newBench(t)
	if n, ok, err := f.LastAnswer(t.Context()); n != 0 || ok || err != nil {
		t.Errorf("empty: %d, %v, %v", n, ok, err)
	}
	results := []provinces.Envelope{
		{Subject: "answers.statement.treatment.31.S1", Header: map[string]string{provinces.HeaderEntry: "99"}},
		{Subject: "answers.statement.provider.31.H31010100001.S1"},
		{Subject: "answers.statement.home.65.S1"},
	}
	if err := f.PublishAnswers(t.Context(), results[:1]); err != nil {
		t.Fatal(err)
	}
	if n, ok, err := f.LastAnswer(t.Context()); n != 0 || ok || err != nil {
		t.Errorf("statements only: %d, %v, %v", n, ok, err)
	}
	if err := errors.Join(f.PublishAnswers(t.Context(), answersOf(1, 2)), f.PublishAnswers(t.Context(), results[1:])); err != nil {
		t.Fatal(err)
	}
	if n, ok, err := f.LastAnswer(t.Context()); n != 2 || !ok || err != nil {
		t.Errorf("between statements: %d, %v, %v", n, ok, err)
	}
	if diff := cmp.Diff(count(1, 2), f.stored()); diff != "" {
		t.Error(diff)
	}
}

// One message that somebody else left among the answers, for example from a trial with a
// plain client, is no reason not to start.
func TestLastAnswerPassesOverWhatIsNotOurs(t *testing.T) {
	f := newBench(t)
	foreign := []provinces.Envelope{
		{Subject: "answers.11.65.H11010500001.FORGED"},
		{Subject: "answers.11.65.H11010500001.FORGED2", Header: map[string]string{provinces.HeaderEntry: "-3"}},
	}
	if err := f.PublishAnswers(t.Context(), foreign[:1]); err != nil {
		t.Fatal(err)
	}
	if n, ok, err := f.LastAnswer(t.Context()); n != 0 || ok || err != nil {
		t.Errorf("nothing of ours: %d, %v, %v", n, ok, err)
	}
	if err := errors.Join(f.PublishAnswers(t.Context(), answersOf(1, 2)), f.PublishAnswers(t.Context(), foreign[1:])); err != nil {
		t.Fatal(err)
	}
	if n, ok, err := f.LastAnswer(t.Context()); n != 2 || !ok || err != nil {
		t.Errorf("ours, and another's behind: %d, %v, %v", n, ok, err)
	}
}

func TestAnswersSinceGoesOn(t *testing.T) {
	f := newBench(t)
	if err := f.PublishAnswers(t.Context(), answersOf(1, 3)); err != nil {
		t.Fatal(err)
	}
	last, err := f.AnswersSince(t.Context(), 0, func([]StoredAnswer) error { return nil })
	if last != 3 || err != nil {
		t.Fatal(last, err)
	}
	if err := f.PublishAnswers(t.Context(), answersOf(4, 5)); err != nil {
		t.Fatal(err)
	}
	var got []StoredAnswer
	last, err = f.AnswersSince(t.Context(), last, func(batch []StoredAnswer) error {
		got = append(got, batch...)
		return nil
	})
	if last != 5 || err != nil || len(got) != 2 || got[0].Number != 4 || got[0].Sequence != 4 ||
		got[1].Subject != answersOf(5, 5)[0].Subject || got[1].Header[provinces.HeaderOutcome] != "booked" {
		t.Errorf("%d, %v, %+v", last, err, got)
	}
	if last, err = f.AnswersSince(t.Context(), 5, nil); last != 5 || err != nil {
		t.Errorf("nothing new: %d, %v", last, err)
	}
	broken := errors.New("broken")
	if _, err = f.AnswersSince(t.Context(), 0, func([]StoredAnswer) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestFollowAnswers(t *testing.T) {
	f := newBench(t)
	if err := f.PublishAnswers(t.Context(), answersOf(1, 2)); err != nil {
		t.Fatal(err)
	}
	follow := func(filter string, options ...FollowOption) (<-chan string, <-chan error) {
		answers, done, ready := make(chan string, 16), make(chan error, 1), make(chan struct{})
		options = append(options, OnReady(func() { close(ready) }))
		go func() {
			done <- f.FollowAnswers(t.Context(), filter, func(a provinces.Envelope) error {
				answers <- a.Header[provinces.HeaderEntry]
				return nil
			}, options...)
		}()
		<-ready
		return answers, done
	}
	all, _ := follow("answers.>", FromStart())
	live, _ := follow("answers.31.*.H31010100001.*")
	others, _ := follow("answers.31.*.H31010100002.*", FromStart())
	if err := f.PublishAnswers(t.Context(), answersOf(3, 3)); err != nil {
		t.Fatal(err)
	}
	f.restart()
	if err := f.PublishAnswers(t.Context(), answersOf(4, 4)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1", "2", "3", "4"} {
		if got := <-all; got != want {
			t.Errorf("from the start: got %s, want %s", got, want)
		}
	}
	for _, want := range []string{"3", "4"} {
		if got := <-live; got != want {
			t.Errorf("live: got %s, want %s", got, want)
		}
	}
	if len(others) > 0 {
		t.Errorf("another hospital's follower got %s", <-others)
	}
}
