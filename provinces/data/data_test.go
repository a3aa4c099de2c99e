package data

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"clearingd/ledger"
	"clearingd/provinces"
)

func TestEveryProvinceHasAnAdapter(t *testing.T) {
	adapters, err := Adapters()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range provinces.Provinces() {
		if adapters[p] == nil {
			t.Errorf("no adapter for %s", p)
		}
	}
	if len(adapters) != len(provinces.Provinces()) {
		t.Errorf("%d adapters", len(adapters))
	}
	folders, err := fs.Glob(files, "*/adapter.toml")
	if err != nil || len(folders) != len(adapters) {
		t.Errorf("%d adapter files for %d provinces (%v)", len(folders), len(adapters), err)
	}
}

func TestEmbeddedFilesNameTheirAreas(t *testing.T) {
	register, err := Load(files)
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range provinces.Provinces() {
		p, ok := register.Province(code)
		if !ok || len(p.Areas) == 0 || p.AreasSource == "" || p.Home != "declared" {
			t.Errorf("%s: %+v", code, p)
		}
	}
	if _, ok := register.Province("99"); ok {
		t.Error("province 99 exists")
	}
}

func TestAreaNames(t *testing.T) {
	for _, test := range []struct {
		area   ledger.Area
		zh, en string
	}{
		{"650100", "乌鲁木齐市", "Urumqi"},
		{"653100", "喀什地区", "Kashgar"},
		{"650102", "乌鲁木齐市 650102", "Urumqi 650102"}, // a district: its city
		{"650199", "乌鲁木齐市 650199", "Urumqi 650199"}, // the city's fund
		{"659001", "新疆 659001", "Xinjiang 659001"},
		{"110105", "朝阳区", "Chaoyang"},
		{"110114", "北京 110114", "Beijing 110114"},
		{"710000", "710000", "710000"},
		{"", "", ""}, {"6", "6", "6"}, {"6501", "新疆 6501", "Xinjiang 6501"},
	} {
		if zh, en := AreaName(test.area, provinces.Chinese), AreaName(test.area, provinces.English); zh != test.zh || en != test.en {
			t.Errorf("%s: %s, %s", test.area, zh, en)
		}
	}
}

const good = `# 新疆
dialect = "nhsa"
home = "declared"
clr_way = "1"
areas_source = "test"
areas = [
  { code = "650100", zh = "乌鲁木齐市", en = "Urumqi" },
]
`

func TestMistakesAreFoundWithTheirLine(t *testing.T) {
	if _, err := parseProvince("65", "65/adapter.toml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, old, new, want string }{
		{"syntax", `clr_way = "1"`, `clr_way = `, "65/adapter.toml:4: "},
		{"unknown key", `clr_way = "1"`, "clr_way = \"1\"\ncolour = \"red\"", "65/adapter.toml:5: unknown key colour"},
		{"unknown key in an area", `en = "Urumqi"`, `en = "Urumqi", es = "Urumchi"`, "65/adapter.toml:7: unknown key"},
		{"wrong type", `clr_way = "1"`, `clr_way = 1`, "65/adapter.toml:4: "},
		{"key twice", `clr_way = "1"`, "clr_way = \"1\"\nclr_way = \"2\"", "65/adapter.toml:5: "},
		{"unknown dialect", `dialect = "nhsa"`, `dialect = "ministry"`, `65/adapter.toml:2: dialect = "ministry": must be one of nhsa`},
		{"no dialect", `dialect = "nhsa"`, ``, `65/adapter.toml:1: dialect = ""`},
		{"trust", `home = "declared"`, `home = "always"`, `65/adapter.toml:3: home = "always"`},
		{"clearing way", `clr_way = "1"`, `clr_way = "一"`, "65/adapter.toml:4: clr_way"},
		{"clearing way too long", `clr_way = "1"`, `clr_way = "1234567"`, "65/adapter.toml:4: clr_way"},
		{"area of another province", `"650100"`, `"630100"`, `65/adapter.toml:7: area "630100"`},
		{"area with five digits", `"650100"`, `"65010"`, `65/adapter.toml:7: area "65010"`},
		{"area twice", "]", "  { code = \"650100\", zh = \"x\", en = \"y\" },\n]", `65/adapter.toml:8: area "650100" stands twice`},
		{"area without a name", `"Urumqi"`, `""`, `65/adapter.toml:7: area "650100": needs both names`},
		{"areas without a source", `areas_source = "test"`, ``, "65/adapter.toml:6: areas_source is missing"},
	} {
		source := strings.Replace(good, test.old, test.new, 1)
		if source == good {
			t.Fatalf("%s: nothing changed", test.name)
		}
		_, err := parseProvince("65", "65/adapter.toml", []byte(source))
		var mistake *FileError
		if !errors.As(err, &mistake) || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s...", test.name, err, test.want)
		}
	}
}

func TestAMissingProvinceIsAnError(t *testing.T) {
	if _, err := Load(fstest.MapFS{}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "province 11") {
		t.Errorf("got %v", err)
	}
}
