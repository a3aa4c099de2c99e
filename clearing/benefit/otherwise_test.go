package benefit_test

import (
	"testing"

	"clearingd/clearing/benefit"
)

// TestARoundingDoneOtherwise: for each share of a bill and each way to round it, what the
// bill would have come to; all else follows, and without an order nothing changes (8.7).
func TestARoundingDoneOtherwise(t *testing.T) {
	free := "[version.deductible]\namount = 0"
	two := blocks{deductible: free, away: everywhere + "self_pay_first = 5", layers: basicHead + `
		[[version.layer.segment]]
		up_to = 10
		pays = "33.33"
		[[version.layer.segment]]
		pays = 50`}
	// 5 % of 20.13 is 1.0065: 19.12 in scope; 33.33 % of 10 is 3.333, 50 % of 9.12 is 4.56.
	for _, x := range []struct {
		benefit.OtherRounding
		want string
	}{
		{benefit.OtherRounding{}, "ded=0 basic=7.89 cash=12.24"},
		{benefit.OtherRounding{Number: 1, How: benefit.RoundUp}, "ded=0 basic=7.89 cash=12.24"},     // 1.01 either way
		{benefit.OtherRounding{Number: 1, How: benefit.RoundDown}, "ded=0 basic=7.90 cash=12.23"},   // 1.00: 9.13 x 50, half up
		{benefit.OtherRounding{Number: 1, How: benefit.RoundTenFen}, "ded=0 basic=7.90 cash=12.23"}, // 1.00
		{benefit.OtherRounding{Number: 2, How: benefit.RoundUp}, "ded=0 basic=7.90 cash=12.23"},     // 3.34
		{benefit.OtherRounding{Number: 2, How: benefit.RoundDown}, "ded=0 basic=7.89 cash=12.24"},   // 3.33
		{benefit.OtherRounding{Number: 2, How: benefit.RoundTenFen}, "ded=0 basic=7.86 cash=12.27"}, // 3.30
		{benefit.OtherRounding{Number: 3, How: benefit.RoundUp}, "ded=0 basic=7.89 cash=12.24"},     // 4.56 is exact
		{benefit.OtherRounding{Number: 3, How: benefit.RoundTenFen}, "ded=0 basic=7.93 cash=12.20"}, // 4.60
		{benefit.OtherRounding{Number: 4, How: benefit.RoundUp}, "ded=0 basic=7.89 cash=12.24"},     // there is no fourth
		{benefit.OtherRounding{Layer: "basic", How: benefit.RoundLayerTenFen}, "ded=0 basic=7.90 cash=12.23"},
		{benefit.OtherRounding{Layer: "basic", How: benefit.RoundLayerAtEnd}, "ded=0 basic=7.89 cash=12.24"},
		{benefit.OtherRounding{Layer: "large", How: benefit.RoundLayerTenFen}, "ded=0 basic=7.89 cash=12.24"},
		{benefit.OtherRounding{Number: 9, Layer: "basic", How: benefit.RoundLayerTenFen}, "ded=0 basic=7.89 cash=12.24"}, // a share's number comes first
	} {
		if got, taken := otherwise(t, two, "20.13", x.OtherRounding); got != x.want || taken != 3 {
			t.Errorf("%+v: %s of %d, want %s of 3", x.OtherRounding, got, taken, x.want)
		}
	}
	for _, x := range []struct {
		name    string
		version string
		in      string
		how     benefit.Rounding
		want    string
	}{
		{"ten fen of less than five are none", "", "0.08", benefit.RoundTenFen, "ded=0 cash=0.08"},
		{"of five they are ten", "", "0.10", benefit.RoundTenFen, "ded=0 basic=0.10 cash=0"},
		{"and never more than the whole", "", "0.09", benefit.RoundUp, "ded=0 basic=0.05 cash=0.04"},
		{"half a fen up and down", "", "0.09", benefit.RoundDown, "ded=0 basic=0.04 cash=0.05"},
		{"a fen as the layer has it", `rounding = "five decimals"`, "0.09", benefit.RoundUp, "ded=0 basic=0.05 cash=0.04"},
		{"a plan's ten fen at the fen", `rounding = "ten fen"`, "0.09", benefit.RoundLayerFen, "ded=0 basic=0.05 cash=0.04"},
		{"a plan's ten fen at the end", `rounding = "ten fen"`, "0.07", benefit.RoundLayerAtEnd, "ded=0 basic=0.04 cash=0.03"},
	} {
		other := benefit.OtherRounding{Number: 1, How: x.how}
		if x.how == benefit.RoundLayerFen || x.how == benefit.RoundLayerAtEnd {
			other = benefit.OtherRounding{Layer: "basic", How: x.how}
		}
		b := blocks{version: x.version, deductible: free, layers: basicHead + "\n[[version.layer.segment]]\npays = 50"}
		if got, _ := otherwise(t, b, x.in, other); got != x.want {
			t.Errorf("%s: %s, want %s", x.name, got, x.want)
		}
	}
}

func otherwise(t *testing.T, b blocks, in string, other benefit.OtherRounding) (string, int) {
	t.Helper()
	prepared, err := b.plan(t).Prepare(stay{in: in}.toCase())
	if err != nil {
		t.Fatal(err)
	}
	a, taken, err := prepared.AdjudicateOtherwise([]benefit.Accumulators{{}}, other)
	if err == nil {
		checkCloses(t, yuan(in), a)
	}
	if plain, _ := prepared.Adjudicate([]benefit.Accumulators{{}}); other == (benefit.OtherRounding{}) && summary(plain, nil) != summary(a, err) {
		t.Errorf("without an order it is %s, by the plan %s", summary(a, err), summary(plain, nil))
	}
	return summary(a, err), taken
}

// TestPreparedTellsItsLayersFromBelow: a rounding of a layer is told by its name.
func TestPreparedTellsItsLayersFromBelow(t *testing.T) {
	prepared, err := blocks{layers: plainLayer + "\n" + largeHead + "\n[[version.layer.segment]]\npays = 50"}.plan(t).Prepare(stay{in: "1"}.toCase())
	if err != nil {
		t.Fatal(err)
	}
	if got := prepared.Layers(); len(got) != 2 || got[0] != "basic" || got[1] != "large" {
		t.Errorf("%v", got)
	}
}

// TestEachStepCitesItsArticle: the block's own where it tells one, else that of the block
// around it.
func TestEachStepCitesItsArticle(t *testing.T) {
	const article = "\narticle = "
	layers := basicHead + article + `"of the layer"
		[[version.layer.segment]]
		up_to = 5000
		pays = 70
		[[version.layer.segment]]
		pays = 80` + article + `"of the segment"`
	for _, x := range []struct {
		away string
		want []string
	}{
		{"", []string{"of the layer", "of the segment"}},
		{everywhere + "points_down = 5" + article + `"of the filing"`, []string{"of the layer", "of the segment"}},
		{everywhere + "pays = 50" + article + `"of the filing"`, []string{"of the filing", "of the filing"}},
	} {
		a, err := stay{in: "11000"}.settle(t, blocks{away: x.away, layers: layers}.plan(t))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range a.Trace {
			if s.Rule == "segment" {
				got = append(got, s.Article)
			}
		}
		if len(got) != 2 || got[0] != x.want[0] || got[1] != x.want[1] {
			t.Errorf("%s: %q, want %q", x.away, got, x.want)
		}
	}
}
