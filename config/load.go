package config

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Override sets one key from outside the file.
type Override struct {
	Key    string // for example "state.dir", or BrokerKey
	Text   string // the value as typed; numbers and true/false without quotes, lists with commas
	Origin string // for messages, for example "--state"
}

// BrokerKey is the key of an Override that names a broker of either kind: HOST:PORT
// is where the embedded one listens, a URL is an external one. It takes the place of
// all that the file says about the other kind.
const BrokerKey = "nats"

// Overrides is what the command line and the service manager add to the file.
type Overrides struct {
	Values         []Override // later ones win
	CredentialsDir string     // $CREDENTIALS_DIRECTORY
}

// Load reads the file at path, or takes defaults alone when path is "", lets the
// overrides win, and checks everything. Every error wraps ErrInvalid; what is wrong
// inside the file or the overrides is [Faults].
func Load(path string, over Overrides) (Config, error) {
	var data []byte
	if path != "" {
		var err error
		if data, err = os.ReadFile(path); err != nil {
			return Config{}, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	r := newReader(path)
	r.file(data)
	for _, o := range over.Values {
		r.override(o)
	}
	r.config.CredentialsDir = over.CredentialsDir
	r.absolute()
	r.relations()
	if len(r.faults) > 0 {
		return Config{}, r.faults.sorted()
	}
	return r.config, nil
}

// reader collects values and faults while a configuration is read.
type reader struct {
	name   string         // of the file, in messages
	lines  map[string]int // key -> line of the file
	config Config
	origin map[string]Fault // key -> where its value was set and what it is; Right is empty
	faults Faults
	faulty map[string]bool // keys among faults
}

func newReader(path string) *reader {
	name := "defaults"
	if path != "" {
		name = filepath.Base(path)
	}
	return &reader{name: name, config: Default(), origin: map[string]Fault{}, faulty: map[string]bool{}}
}

func (r *reader) refuse(f Fault) {
	r.faulty[f.Key] = true
	r.faults = append(r.faults, f)
}

// file reads TOML. Text that is no TOML ends the reading of the file, because nothing
// after it can be trusted; everything else is collected.
func (r *reader) file(data []byte) {
	tree := map[string]any{}
	if err := toml.Unmarshal(data, &tree); err != nil {
		r.syntax(err)
		return
	}
	r.lines = keyLines(data)
	r.table("", tree)
}

// syntax words a TOML error without quoting the source around it: the line may hold
// something that is nobody else's business.
func (r *reader) syntax(err error) {
	f := Fault{Where: r.name, Right: "not TOML: " + strings.TrimPrefix(err.Error(), "toml: ")}
	if decode, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, column := decode.Position()
		f.Where, f.line = fmt.Sprintf("%s:%d:%d", r.name, line, column), line
	}
	r.refuse(f)
}

func (r *reader) table(prefix string, tree map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		key := prefix + name
		at := Fault{Where: fmt.Sprintf("%s:%d", r.name, r.lines[key]), Key: key, line: r.lines[key]}
		members, isTable := tree[name].(map[string]any)
		s, known := find(key)
		switch {
		case known:
			r.set(s, tree[name], at)
		case isTable && isTableOfSettings(key):
			r.table(key+".", members)
		default:
			at.Right = unknownKey(key)
			r.refuse(at)
		}
	}
}

func isTableOfSettings(name string) bool {
	return slices.ContainsFunc(settings, func(s setting) bool { return strings.HasPrefix(s.key, name+".") })
}

func (r *reader) override(o Override) {
	if o.Key == BrokerKey {
		o.Key = r.chooseBroker(o.Text)
	}
	at := Fault{Where: o.Origin, Key: o.Key, line: math.MaxInt}
	s, known := find(o.Key)
	if !known {
		at.Right = unknownKey(o.Key)
		r.refuse(at)
		return
	}
	delete(r.faulty, o.Key) // the file's fault stays listed, but this value has its own checks
	r.set(s, s.kind.fromText(o.Text), at)
}

// chooseBroker forgets what the file says about the kind of broker that a flag does
// not name, and is the key that the flag sets.
func (r *reader) chooseBroker(address string) string {
	n, unset := &r.config.NATS, Default().NATS
	if strings.Contains(address, "://") {
		n.Listen, n.MaxStoreBytes, n.ServerConfigFile = unset.Listen, unset.MaxStoreBytes, ""
		return "nats.url"
	}
	n.URL, n.TLSCAFile, n.Replicas, n.RequireSyncAlways = "", "", 0, false
	if n.ServerConfigFile == "" {
		n.CredentialsFile = ""
	}
	return "nats.listen"
}

// set checks a value's type, then the value, and keeps it or a fault.
func (r *reader) set(s setting, value any, at Fault) {
	value, ok := s.kind.typed(value)
	at.Value = shown(value)
	if !ok {
		at.Right = "must be " + string(s.kind)
		r.refuse(at)
		return
	}
	if err := s.set(&r.config, value); err != nil {
		at.Right = err.Error()
		if s.key == "nats.url" {
			at.Value = "" // it may carry a password
		}
		r.refuse(at)
		return
	}
	r.origin[s.key] = at
}

// shown is a value as messages print it.
func shown(value any) string {
	switch v := value.(type) {
	case string:
		return strconv.Quote(v)
	case []string:
		return fmt.Sprintf("%q", v)
	case map[string]any:
		return "{...}"
	}
	return fmt.Sprint(value)
}
