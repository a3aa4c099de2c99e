package config

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// kind is the TOML type of a value, in words. Nothing is converted: "5" is no number.
type kind string

const (
	text    kind = "a text in quotes"
	number  kind = "a whole number without quotes"
	boolean kind = "true or false without quotes"
	texts   kind = `a list of texts, for example ["a", "b"]`
	date    kind = "a day yyyy-MM-dd"
)

// typed gives a TOML value the Go type of the kind, or reports that it has another.
func (k kind) typed(value any) (any, bool) {
	switch v := value.(type) {
	case string:
		return v, k == text || k == date
	case toml.LocalDate:
		return v.String(), k == date
	case int64:
		return v, k == number
	case bool:
		return v, k == boolean
	case []any:
		list, ok := textList(v)
		if !ok {
			return value, false
		}
		return list, k == texts
	}
	return value, false
}

func textList(values []any) ([]string, bool) {
	list := make([]string, len(values))
	for i, v := range values {
		s, ok := v.(string)
		if !ok {
			return nil, false
		}
		list[i] = s
	}
	return list, true
}

// fromText is the TOML value that the text of a flag stands for; a text that does not
// fit stays text and fails in typed.
func (k kind) fromText(s string) any {
	switch k {
	case number:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
	case boolean:
		if s == "true" || s == "false" {
			return s == "true"
		}
	case texts:
		list := []any{}
		for one := range strings.SplitSeq(s, ",") {
			if one != "" {
				list = append(list, one)
			}
		}
		return list
	}
	return s
}

// setting is one key: how its value reads and where it goes. set gets a value of the
// Go type of its kind (string, int64, bool, []string) and returns what would be right.
type setting struct {
	key  string
	kind kind
	set  func(c *Config, value any) error
}

// settings is the list of all keys, in the order of deploy/clearingd.toml. A key that
// is not here is unknown; "homes.NN" and "order.NN" stand for every province.
var settings = []setting{
	of("business_day", text, oneOf(Clock, Manual), func(c *Config) *Mode { return &c.BusinessDay }),
	of("first_day", date, parseDay, func(c *Config) *time.Time { return &c.FirstDay }),
	of("cut_off", text, ParseCutOff, func(c *Config) *CutOff { return &c.CutOff }),

	of("state.dir", text, needed, func(c *Config) *string { return &c.State.Dir }),

	of("nats.listen", text, parseAddress, func(c *Config) *string { return &c.NATS.Listen }),
	of("nats.max_store_mib", number, mebibytes(64), func(c *Config) *int64 { return &c.NATS.MaxStoreBytes }),
	of("nats.server_config_file", text, anything[string], func(c *Config) *string { return &c.NATS.ServerConfigFile }),
	of("nats.url", text, parseNATSURL, func(c *Config) *string { return &c.NATS.URL }),
	of("nats.credentials_file", text, anything[string], func(c *Config) *string { return &c.NATS.CredentialsFile }),
	of("nats.nkey_file", text, anything[string], func(c *Config) *string { return &c.NATS.NKeyFile }),
	of("nats.user", text, anything[string], func(c *Config) *string { return &c.NATS.User }),
	of("nats.password_file", text, anything[string], func(c *Config) *string { return &c.NATS.PasswordFile }),
	of("nats.inbox_prefix", text, parseInbox, func(c *Config) *string { return &c.NATS.InboxPrefix }),
	of("nats.tls_ca_file", text, anything[string], func(c *Config) *string { return &c.NATS.TLSCAFile }),
	of("nats.replicas", number, replicas, func(c *Config) *int { return &c.NATS.Replicas }),
	of("nats.require_sync_always", boolean, anything[bool], func(c *Config) *bool { return &c.NATS.RequireSyncAlways }),

	of("http.listen", text, parseAddress, func(c *Config) *string { return &c.HTTP.Listen }),
	of("http.allow_remote", boolean, anything[bool], func(c *Config) *bool { return &c.HTTP.AllowRemote }),
	of("http.allowed_hosts", texts, hosts, func(c *Config) *[]string { return &c.HTTP.AllowedHosts }),

	of("plans.dir", text, anything[string], func(c *Config) *string { return &c.Plans.Dir }),
	of("plans.require_verified", boolean, anything[bool], func(c *Config) *bool { return &c.Plans.RequireVerified }),

	of("homes.default", text, oneOf(Declared, Registered), func(c *Config) *Trust { return &c.Homes.Default }),

	of("order.default", text, oneOf(LastInFirstOut, Refold), func(c *Config) *Order { return &c.Order.Default }),

	of("disk.floor_mib", number, mebibytes(16), func(c *Config) *int64 { return &c.Disk.FloorBytes }),

	of("batch.claims_max", number, claimsMax, func(c *Config) *int { return &c.Batch.MaxClaims }),

	of("reconcile.sides", texts, someOf(sides()...), func(c *Config) *[]string { return &c.Reconcile.Sides }),
	of("reconcile.timing_days", number, between(0, 30), func(c *Config) *int64 { return &c.Reconcile.TimingDays }),
	of("reconcile.auto_count_max", number, between(0, 1_000_000), func(c *Config) *int64 { return &c.Reconcile.AutoCount }),
	of("reconcile.auto_yuan_max", number, between(0, 1_000_000_000_000), func(c *Config) *int64 { return &c.Reconcile.AutoYuan }),
	of("reconcile.calendar_dir", text, anything[string], func(c *Config) *string { return &c.Reconcile.CalendarDir }),

	of("pseudonym.key_file", text, anything[string], func(c *Config) *string { return &c.Pseudonym.KeyFile }),

	of("report.dir", text, anything[string], func(c *Config) *string { return &c.Report.Dir }),
	of("report.demo_label", text, label, func(c *Config) *string { return &c.Report.DemoLabel }),

	of("log.level", text, oneOf("debug", "info", "warn", "error"), func(c *Config) *string { return &c.Log.Level }),
	of("log.format", text, oneOf("json", "console"), func(c *Config) *string { return &c.Log.Format }),
}

// of ties a key to a field through the function that reads its value.
func of[V, T any](key string, k kind, read func(V) (T, error), field func(*Config) *T) setting {
	return setting{key: key, kind: k, set: func(c *Config, value any) error {
		v, err := read(value.(V))
		if err != nil {
			return err
		}
		*field(c) = v
		return nil
	}}
}

// find is the setting of a key.
func find(key string) (setting, bool) {
	for _, table := range byProvince {
		if province, ok := strings.CutPrefix(key, table.prefix); ok && province != "default" {
			return table.setting(key, province), slices.Contains(provinces, province)
		}
	}
	i := slices.IndexFunc(settings, func(s setting) bool { return s.key == key })
	if i < 0 {
		return setting{}, false
	}
	return settings[i], true
}

// byProvince are the tables that have a key for every home province.
var byProvince = []struct {
	prefix  string
	setting func(key, province string) setting
}{
	{"homes.", func(key, province string) setting {
		return ofProvince(key, province, oneOf(Declared, Registered), func(c *Config) *map[string]Trust { return &c.Homes.Provinces })
	}},
	{"order.", func(key, province string) setting {
		return ofProvince(key, province, oneOf(LastInFirstOut, Refold), func(c *Config) *map[string]Order { return &c.Order.Provinces })
	}},
}

// ofProvince ties the key of one province to its entry in a map.
func ofProvince[T any](key, province string, read func(string) (T, error), field func(*Config) *map[string]T) setting {
	return setting{key: key, kind: text, set: func(c *Config, value any) error {
		v, err := read(value.(string))
		if err != nil {
			return err
		}
		entries := field(c)
		if *entries == nil {
			*entries = map[string]T{}
		}
		(*entries)[province] = v
		return nil
	}}
}

// Keys lists every key but those of single provinces, in the order of the documented
// example. Tests hold the documentation against it.
func Keys() []string {
	keys := make([]string, len(settings))
	for i, s := range settings {
		keys[i] = s.key
	}
	return keys
}

func anything[T any](v T) (T, error) { return v, nil }

func needed(s string) (string, error) {
	if s == "" {
		return "", errors.New(`must name a directory, for example "/var/lib/clearingd"`)
	}
	return s, nil
}

// mebibytes reads a size and gives bytes. Four exbibytes is beyond any disk and still
// fits an int64.
func mebibytes(low int64) func(int64) (int64, error) {
	check := between(low, 1<<42)
	return func(n int64) (int64, error) {
		n, err := check(n)
		return n * mebibyte, err
	}
}

// claimsMax keeps to 1000, the most messages an atomic batch of the broker may hold.
func claimsMax(n int64) (int, error) {
	n, err := between(1, 1000)(n)
	return int(n), err
}

func hosts(names []string) ([]string, error) {
	for _, name := range names {
		if err := parseHost(name); err != nil {
			return nil, err
		}
	}
	return names, nil
}

func label(s string) (string, error) {
	if len([]rune(s)) > 200 || strings.ContainsAny(s, "\r\n") {
		return "", errors.New("must be one line of at most 200 characters")
	}
	return s, nil
}

func replicas(n int64) (int, error) {
	if n != 0 && n != 1 && n != 3 && n != 5 {
		return 0, errors.New("must be 1, 3 or 5, or 0 to keep what the streams have")
	}
	return int(n), nil
}
