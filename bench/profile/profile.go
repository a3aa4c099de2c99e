// Package profile turns a CPU profile of the Go runtime into shares: so much time in
// decoding, so much in the store. A profile by function says where the processor was;
// a reader wants to know for whom.
//
// [Parse] reads the little that is needed of the profile format (profile.proto of
// github.com/google/pprof: samples, locations, functions, names), so that no
// further module is needed. [Shares] gives each sample to the first [Group] of a list that
// claims any function of its stack: with the store before the decision in the list, what
// a decision reads from the store counts as the store's.
package profile

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Sample is one stack and the processor time spent in it.
type Sample struct {
	Stack []string // functions, innermost first
	CPU   time.Duration
}

// ErrProfile: the bytes are no profile.
var ErrProfile = errors.New("profile: malformed")

// Parse reads what runtime/pprof wrote.
func Parse(compressed []byte) ([]Sample, error) {
	zipped, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProfile, err)
	}
	raw, err := io.ReadAll(zipped)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProfile, err)
	}
	p := parsed{locations: map[uint64][]uint64{}, functions: map[uint64]uint64{}}
	if err := fields(raw, p.take); err != nil {
		return nil, err
	}
	return p.resolve()
}

// parsed is a profile with its references still numbers.
type parsed struct {
	samples   []rawSample
	locations map[uint64][]uint64 // location -> functions, innermost first
	functions map[uint64]uint64   // function -> index of its name
	texts     []string
}

type rawSample struct{ locations, values []uint64 }

// Numbers of the fields of profile.proto.
const (
	profileSample, profileLocation, profileFunction, profileText = 2, 4, 5, 6

	sampleLocation, sampleValue = 1, 2
	locationID, locationLine    = 1, 4
	lineFunction                = 1
	functionID, functionName    = 1, 2
	wireVarint, wireBytes       = 0, 2
	cpuValue                    = 1 // a sample's values are their number, and nanoseconds
	wireFixed64, wireFixed32    = 1, 5
)

func (p *parsed) take(number int, value uint64, content []byte) error {
	switch number {
	case profileSample:
		var s rawSample
		err := fields(content, func(number int, value uint64, content []byte) error {
			switch number {
			case sampleLocation:
				return numbers(&s.locations, value, content)
			case sampleValue:
				return numbers(&s.values, value, content)
			}
			return nil
		})
		p.samples = append(p.samples, s)
		return err
	case profileLocation:
		return p.location(content)
	case profileFunction:
		var id, name uint64
		err := fields(content, func(number int, value uint64, _ []byte) error {
			switch number {
			case functionID:
				id = value
			case functionName:
				name = value
			}
			return nil
		})
		p.functions[id] = name
		return err
	case profileText:
		p.texts = append(p.texts, string(content))
	}
	return nil
}

func (p *parsed) location(b []byte) error {
	var id uint64
	var functions []uint64
	err := fields(b, func(number int, value uint64, content []byte) error {
		switch number {
		case locationID:
			id = value
		case locationLine:
			return fields(content, func(number int, value uint64, _ []byte) error {
				if number == lineFunction {
					functions = append(functions, value)
				}
				return nil
			})
		}
		return nil
	})
	p.locations[id] = functions
	return err
}

func (p *parsed) resolve() ([]Sample, error) {
	samples := make([]Sample, 0, len(p.samples))
	for _, raw := range p.samples {
		if len(raw.values) <= cpuValue {
			return nil, fmt.Errorf("%w: a sample of %d values is none of CPU time", ErrProfile, len(raw.values))
		}
		s := Sample{CPU: time.Duration(raw.values[cpuValue])}
		for _, location := range raw.locations {
			for _, function := range p.locations[location] {
				name := p.functions[function]
				if name >= uint64(len(p.texts)) {
					return nil, fmt.Errorf("%w: a function without a name", ErrProfile)
				}
				s.Stack = append(s.Stack, p.texts[name])
			}
		}
		samples = append(samples, s)
	}
	return samples, nil
}

// fields visits the fields of one protocol-buffer message: value of a number, content
// of everything else.
func fields(b []byte, visit func(number int, value uint64, content []byte) error) error {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 {
			return ErrProfile
		}
		b = b[n:]
		var value uint64
		var content []byte
		size := 0
		switch int(tag & 7) {
		case wireVarint:
			if value, size = binary.Uvarint(b); size <= 0 {
				return ErrProfile
			}
		case wireBytes:
			length, n := binary.Uvarint(b)
			if n <= 0 || length > uint64(len(b)-n) {
				return ErrProfile
			}
			content, size = b[n:n+int(length)], n+int(length)
		case wireFixed64:
			size = 8
		case wireFixed32:
			size = 4
		default:
			return ErrProfile
		}
		if size > len(b) {
			return ErrProfile
		}
		b = b[size:]
		if err := visit(int(tag>>3), value, content); err != nil {
			return err
		}
	}
	return nil
}

// numbers adds a repeated number, which may come one by one or packed.
func numbers(list *[]uint64, value uint64, packed []byte) error {
	if packed == nil {
		*list = append(*list, value)
		return nil
	}
	for len(packed) > 0 {
		v, n := binary.Uvarint(packed)
		if n <= 0 {
			return ErrProfile
		}
		*list, packed = append(*list, v), packed[n:]
	}
	return nil
}

// Group is a name for all stacks with a function that begins with one of the prefixes.
type Group struct {
	Name     string
	Prefixes []string
}

// Share is the time of one group.
type Share struct {
	Name string
	CPU  time.Duration
}

// Other is the name of the share that no group claims.
const Other = "everything else"

// Shares adds up the samples by group, in the groups' order, and last what none of them
// claims; groups without a sample are left out.
func Shares(samples []Sample, groups []Group) []Share {
	sums := map[string]time.Duration{}
	for _, s := range samples {
		sums[owner(s.Stack, groups)] += s.CPU
	}
	var shares []Share
	for _, g := range append(slices.Clone(groups), Group{Name: Other}) {
		if sums[g.Name] > 0 {
			shares = append(shares, Share{g.Name, sums[g.Name]})
		}
	}
	return shares
}

func owner(stack []string, groups []Group) string {
	for _, g := range groups {
		for _, function := range stack {
			if slices.ContainsFunc(g.Prefixes, func(prefix string) bool { return strings.HasPrefix(function, prefix) }) {
				return g.Name
			}
		}
	}
	return Other
}

// Total is the time of all samples.
func Total(samples []Sample) (total time.Duration) {
	for _, s := range samples {
		total += s.CPU
	}
	return total
}
