package check

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/check/near"
	"shiftmill/stages/imageio"
	"shiftmill/stages/stagetest"
)

// scene is a picture of random soft blots, like no other.
func scene(seed uint64) *imageio.Pixels {
	r := rand.New(rand.NewPCG(seed, 7))
	small := imageio.NewPixels(9, 9, 3)
	for i := range small.Pix {
		small.Pix[i] = uint8(r.IntN(256))
	}
	return imageio.Resize(small, 80, 96, imageio.Bicubic)
}

func cellOf(p *imageio.Pixels) stages.ImageCell {
	return stages.ImageCell{Ref: "png", Data: imageio.EncodePNG(p)}
}

func mirror(p *imageio.Pixels) *imageio.Pixels {
	out := p.Clone()
	for y := range p.H {
		for x := range p.W {
			copy(out.Row(y)[3*x:3*x+3], p.Row(y)[3*(p.W-1-x):])
		}
	}
	return out
}

// A shot is a row of the tests.
type shot struct {
	id, shop string
	cell     stages.ImageCell
	seat     string
}

// leakageCase takes the sets' fingerprints and puts the gate behind them.
func leakageCase(t testing.TB, with string, names []string, sets ...[]shot) stagetest.Case {
	t.Helper()
	v, err := pipeline.ParseValue("x.yaml", with)
	if err != nil {
		t.Fatal(err)
	}
	kind := LeakageKind()
	config := kind.NewConfig()
	if errs := pipeline.Decode(v, config); len(errs) > 0 {
		t.Fatal(errs)
	}
	c := stagetest.Case{Kind: kind, Config: config, Ports: map[string][]stages.Input{}}
	for k, shots := range sets {
		ids, shops, seats, cells := []string{}, []any{}, []string{}, []stages.ImageCell{}
		seated := false
		for _, s := range shots {
			ids, shops, seats, cells = append(ids, s.id), append(shops, s.shop), append(seats, s.seat), append(cells, s.cell)
			seated = seated || s.seat != ""
		}
		columns := []stagetest.Column{{Name: "image", Values: cells}, {Name: "shop", Values: shops}}
		if seated {
			columns = append(columns, stagetest.Column{Name: "seat", Values: seats})
		}
		table := stagetest.Rows(ids, columns...)
		table.OutputName = names[k]
		c.Ports["rows"] = append(c.Ports["rows"], table)
		sink, err := stagetest.Case{Kind: FingerprintKind(), Ports: map[string][]stages.Input{"rows": {table}}}.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		made, err := sink.Rows("")
		if err != nil {
			t.Fatal(err)
		}
		prints := stagetest.Beside(table, made)
		prints.Axes = []pipeline.Coord{{Axis: "output", Value: names[k]}}
		c.Ports["prints"] = append(c.Ports["prints"], prints)
	}
	return c
}

// shopFronts are three sets with every kind of leak.
func shopFronts(t testing.TB, with string) stagetest.Case {
	train, iid, france := []shot{}, []shot{}, []shot{}
	for i := range uint64(20) {
		train = append(train, shot{id: fmt.Sprintf("t%02d", i), shop: fmt.Sprintf("shop %d", i), cell: cellOf(scene(i))})
		iid = append(iid, shot{id: fmt.Sprintf("i%02d", i), shop: fmt.Sprintf("shop %d", 100+i), cell: cellOf(scene(100 + i))})
		france = append(france, shot{id: fmt.Sprintf("f%02d", i), shop: fmt.Sprintf("shop %d", 200+i), cell: cellOf(scene(200 + i))})
	}
	iid[3].cell = train[5].cell                                                                                                        // the same bytes
	iid[4].cell = cellOf(mirror(scene(6)))                                                                                             // of train, mirrored
	france[7].cell = stages.ImageCell{Ref: "jpeg", Data: imageio.EncodeJPEG(imageio.Resize(scene(108), 60, 90, imageio.Bilinear), 40)} // of iid, smaller
	france[8].shop = "shop 9"                                                                                                          // a shop of train
	france[10].shop = "shop 110"                                                                                                       // a shop of iid
	france[9].cell = stages.ImageCell{Ref: "png", Data: []byte("no picture")}
	return leakageCase(t, with, []string{"train", "iid", "country=FR"}, train, iid, france)
}

func TestLeakage(t *testing.T) {
	sink, err := shopFronts(t, "{exact: warn, groups: warn, group: shop}").Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	want := `1 pairs of equal pictures of train and iid
1 pairs of near-duplicates of train and iid
1 pairs of near-duplicates of iid and country=FR
1 groups in two sets of train and country=FR
1 groups in two sets of iid and country=FR, which test sets may
1 pictures could not be decoded and were compared by their bytes alone`
	if got := strings.Join(sink.Notes, "\n"); got != want {
		t.Errorf("notes:\n got %s\nwant %s", got, want)
	}
	text := string(sink.File("leaks", "leakage.md"))
	for _, want := range []string{"| exact | train: t05 | iid: i03 |  |", "| near, mirrored | train: t06 | iid: i04 | 1.000 |", "| groups shop=shop 9 | train: t09 | country=FR: f08 |  |", "| iid | 20 |", "| groups in two sets | warn | 2 | 1 |"} {
		if !strings.Contains(text, want) {
			t.Errorf("leakage.md lacks %q:\n%s", want, text)
		}
	}
	if !strings.Contains(text, "| near | iid: i08 | country=FR: f07 |") {
		t.Errorf("leakage.md lacks the smaller picture:\n%s", text)
	}
	if len(sink.File("leaks", "leakage.png")) == 0 {
		t.Error("there is no leakage.png")
	}
	rows, err := sink.Rows("country=FR")
	if err != nil || rows.Len() != 20 {
		t.Errorf("country=FR is handed on as %v, %v", rows, err)
	}
}

func TestLeakageFails(t *testing.T) {
	for _, tt := range []struct {
		with  string
		files int
		want  string
	}{
		{"{group: shop, pictures: 0}", 2, "the sets leak into each other: 1 pairs of equal pictures: t05 (train) and i03 (iid). 1 groups in two sets: shop=shop 9 in train (t09) and country=FR (f08); remedy: group the rows that belong together, leakage: drop to leave such rows out of the tests, or leakage: {exact: warn} to go on"},
		{"{exact: off, groups: off, near: fail}", 3, "the sets leak into each other: 2 pairs of near-duplicates: t06 (train) and i04 (iid); i08 (iid) and f07 (country=FR); remedy:"},
		{"{exact: off, groups: off, near: fail, limits: {structure: 0.999, detail: 0.999}}", 3, "the sets leak into each other: 1 pairs of near-duplicates: t06 (train) and i04 (iid); remedy:"},
	} {
		_, err := shopFronts(t, tt.with).Run(context.Background())
		if got := fmt.Sprint(err); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s:\n got %s\nwant %s", tt.with, got, tt.want)
		}
		var rejected *stages.Rejection
		if !errors.As(err, &rejected) {
			t.Fatalf("%s: the error brings no report", tt.with)
		}
		if n := len(rejected.Files); n != tt.files || rejected.Output != "leaks" || rejected.Files[0].Name != "leakage.json" {
			t.Errorf("%s: %d files for %q, want %d", tt.with, n, rejected.Output, tt.files)
		}
	}
}

// Candidates are confirmed in runs of as many pictures as memory allows.
func TestWithin(t *testing.T) {
	found := []near.Candidate{{I: 0, J: 1}, {I: 0, J: 2}, {I: 1, J: 2}, {I: 3, J: 4}}
	for n, want := range map[int]int{1: 1, 2: 1, 3: 3, 4: 3, 5: 4, 9: 4} {
		if got := within(found, n); got != want {
			t.Errorf("within %d pictures: %d candidates, want %d", n, got, want)
		}
	}
}

func TestLeakageDrops(t *testing.T) {
	sink, err := shopFronts(t, "{exact: drop, near: drop}").Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for set, gone := range map[string][]string{"train": nil, "iid": {"i03", "i04"}, "country=FR": {"f07"}} {
		rows, err := sink.Rows(set)
		if err != nil {
			t.Fatal(err)
		}
		ids := rows.Record().Column(0)
		for _, id := range gone {
			for i := range rows.Len() {
				if ids.ValueStr(i) == id {
					t.Errorf("%s still holds %s", set, id)
				}
			}
			if sink.Skipped[id] == "" {
				t.Errorf("%s is not named as left out", id)
			}
		}
		if rows.Len() != 20-len(gone) {
			t.Errorf("%s has %d rows, want %d", set, rows.Len(), 20-len(gone))
		}
	}
}

// The places of dropped rows go to the next candidates of their stratum that show
// nothing of an earlier set; what then stays empty is told.
func TestLeakageRefills(t *testing.T) {
	train := []shot{{id: "t0", cell: cellOf(scene(0))}, {id: "t1", cell: cellOf(scene(1))}, {id: "t2", cell: cellOf(scene(2))}}
	iid := []shot{
		{id: "a1", cell: cellOf(mirror(scene(0))), seat: "1/2 bank"}, {id: "a2", cell: cellOf(scene(10)), seat: "2/2 bank"},
		{id: "a3", cell: train[1].cell, seat: "3/2 bank"}, {id: "a4", cell: cellOf(scene(11)), seat: "4/2 bank"}, {id: "a5", cell: cellOf(scene(12)), seat: "5/2 bank"},
		{id: "b1", cell: train[2].cell, seat: "1/1 gym"}, {id: "b2", cell: cellOf(mirror(scene(2))), seat: "2/1 gym"},
	}
	// What iid held but lost is free for the next set; what it took is not.
	france := []shot{
		{id: "c1", cell: iid[3].cell, seat: "1/2 bank"}, {id: "c2", cell: cellOf(mirror(scene(12))), seat: "2/2 bank"}, {id: "c3", cell: cellOf(scene(13)), seat: "3/2 bank"},
	}
	unused := []shot{{id: "a3"}, {id: "a4"}, {id: "a5"}, {id: "b2"}, {id: "c3"}, {id: "z"}}
	for i := range unused {
		unused[i].cell = cellOf(scene(50))
	}
	c := leakageCase(t, "{exact: drop, near: drop, pictures: 0}", []string{"train", "iid", "country=FR", "unused"}, train, iid, france, unused)
	c.Ports["prints"] = c.Ports["prints"][:3]
	sink, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for set, want := range map[string]string{"train": "t0 t1 t2", "iid": "a2 a4", "country=FR": "c2 c3", "unused": "a3 a5 b2 z"} {
		rows, err := sink.Rows(set)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i := range rows.Len() {
			got = append(got, rows.Record().Column(0).ValueStr(i))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s holds %s, want %s", set, got, want)
		}
	}
	if want := "3 rows are left out, 2 of their places are filled with the next candidates, 1 stay empty"; !slices.Contains(sink.Notes, want) {
		t.Errorf("notes %q lack %q", sink.Notes, want)
	}
	for _, id := range []string{"a1", "b1", "c1"} {
		if sink.Skipped[id] == "" {
			t.Errorf("%s is not named as left out", id)
		}
	}
	if len(sink.Skipped) != 3 {
		t.Errorf("left out: %v", sink.Skipped)
	}
}

// Rows in train and in a test set fail; rows in two test sets are counted.
func TestLeakageOverlap(t *testing.T) {
	a, b, c := shot{id: "a", cell: cellOf(scene(1))}, shot{id: "b", cell: cellOf(scene(2))}, shot{id: "c", cell: cellOf(scene(3))}
	names := []string{"train", "iid", "scale=1"}
	sink, err := leakageCase(t, "{}", names, []shot{a}, []shot{b, c}, []shot{c}).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"1 rows in two sets of iid and scale=1, which test sets may"}; !slices.Equal(sink.Notes, want) {
		t.Errorf("notes %q, want %q", sink.Notes, want)
	}
	_, err = leakageCase(t, "{}", names, []shot{a}, []shot{b, a}, []shot{c}).Run(context.Background())
	if want := "the sets leak into each other: 1 rows in two sets: a in train and iid; "; !strings.HasPrefix(fmt.Sprint(err), want) {
		t.Errorf("error:\n got %v\nwant %s", err, want)
	}
}

func TestLeakageGolden(t *testing.T) {
	stagetest.Golden(t, "", shopFronts(t, "{exact: drop, near: warn, groups: warn, group: shop, pictures: 3}"))
	c := shopFronts(t, "{}")
	stagetest.Golden(t, "", stagetest.Case{Kind: FingerprintKind(), Ports: map[string][]stages.Input{"rows": c.Ports["rows"][:1]}})
}
