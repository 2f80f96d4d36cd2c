package split

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/stagetest"
)

// shots is a small table with gaps.
func shots() *stagetest.Table {
	return stagetest.Rows([]string{"1", "2", "3", "4", "5", "6", "7", "8"},
		stagetest.Column{Name: "device", Values: []any{"C01", "C02", "C04", "C05", "C06", nil, "C01", "C02"}},
		stagetest.Column{Name: "lens", Values: []any{"std", "std", "std", "std", "std", "std", "wide", "wide"}},
		stagetest.Column{Name: "lux", Values: []float64{300, 250, 300, 300, 300, 300, 300, 100}},
		stagetest.Column{Name: "label", Values: []string{"a", "a", "a", "a", "a", "a", "a", "a"}},
		stagetest.Column{Name: "serial", Values: []any{"s1", "s2", "s3", nil, "s5", "s6", "s7", "s8"}},
	)
}

// from is what a spec with these inputs would tell of their names.
func from(ports map[string][]stages.Input) []pipeline.From {
	var out []pipeline.From
	for _, name := range keys(ports) {
		f := pipeline.From{Name: name}
		for _, in := range ports[name] {
			f.Members = append(f.Members, in.Output())
		}
		if len(f.Members) == 1 {
			f.Members = nil
		}
		out = append(out, f)
	}
	return out
}

// outputs lists the ids of each output, and the reasons of unused rows.
func outputs(t *testing.T, c stagetest.Case) (string, error) {
	t.Helper()
	sink, err := c.Run(context.Background())
	if err != nil {
		return "", err
	}
	var lines []string
	for _, o := range c.Kind.Results(c.Config, from(c.Ports)) {
		rows, err := sink.Rows(o.Name)
		if err != nil {
			t.Fatal(err)
		}
		line := o.Name + ":"
		if rows != nil {
			reasons := column(rows, "id")
			if o.Name == "unused" {
				reasons = column(rows, "reason")
			}
			for i, id := range column(rows, "id") {
				line += " " + id
				if o.Name == "unused" {
					line += " (" + reasons[i] + ")"
				}
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(append(lines, sink.Notes...), "\n"), nil
}

func TestShiftForms(t *testing.T) {
	for _, tt := range []struct{ name, with, want string }{
		{"sets, ranges, joint and ignored attributes", `{base: {device: [C01, C02], lens: std, lux: 200..}, sizes: {train: 1, iid: 1, ood: all}, shifts: {device: [C04, [C05, C06]],
		   wide: {lens: wide}, dark: {lux: ..<200, ignore: lens}}}`,
			`train: 2
iid: 1
device=C04: 3
device=C05,C06: 4 5
wide: 7
dark: 8
unused: 6 (missing device)
rows: train 1, iid 1, device=C04 1, device=C05,C06 2, wide 1, dark 1
unused: 1 of 8 rows: missing device`},
		{"missing kept", `{base: {device: [C01, C02], lens: std}, missing: {device: keep}, sizes: {train: 1, iid: all, ood: all}, shifts: {device: {not: [C01, C02]}}}`,
			`train: 6
iid: 1 2
device=not:C01,C02: 3 4 5
unused: 7 (lens has another value) 8 (lens has another value)
rows: train 1, iid 2, device=not:C01,C02 3
unused: 2 of 8 rows: lens has another value`},
		{"joint", `{base: {device: [C01, C02], lens: std, lux: 200..}, sizes: {train: 1, iid: 1, ood: all}, shifts: {moved: {device: C02, lens: wide, lux: ..<200, joint: true}}, exclude: {device: [C04, C05, C06]}}`,
			`train: 2
iid: 1
moved: 8
unused: 3 (excluded) 4 (excluded) 5 (excluded) 6 (missing device) 7 (lens has another value)
rows: train 1, iid 1, moved 1
unused: 3 of 8 rows: excluded
unused: 1 of 8 rows: lens has another value
unused: 1 of 8 rows: missing device`},
		{"rows without a group", `{base: {lens: std}, group: serial, sizes: {train: 3, iid: 2, ood: all}, shifts: {lens: wide}}`,
			`train: 1 2 3
iid: 5 6
lens=wide: 7 8
unused: 4 (spare: beyond the sizes asked)
rows: train 3, iid 2, lens=wide 2
unused: 1 of 8 rows: spare: beyond the sizes asked
group: 1 rows have no value in serial and count as groups of their own`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := outputs(t, shiftCase(t, tt.with, shots()))
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("split:\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestShiftErrors(t *testing.T) {
	const some = "sizes: {train: 1, iid: 1, ood: 1}"
	for _, tt := range []struct{ name, with, want string }{
		{"not altered", `{base: {device: [C01, C02]}, shifts: {device: [C02]}, ` + some + `}`, `-: with.shifts.device.0: base holds device=C02 already, so this would not alter it`},
		{"no base value", `{base: {device: C01}, shifts: {devise: [C02]}, ` + some + `}`, `-: with.shifts.devise.0: "devise" has no base value, so nothing says what it is altered from: add it to base; did you mean "device"?`},
		{"two altered", `{base: {device: C01, lens: std}, shifts: {far: {device: C02, lens: wide}}, ` + some + `}`, `-: with.shifts.far: alters 2 attributes: add joint: true if that is meant`},
		{"unknown column", `{base: {devise: C01}, ` + some + `}`, `-: with.base.devise: the rows have no column "devise"; did you mean "device"?`},
		{"range over text", `{base: {device: C01..C03}, ` + some + `}`, `x.yaml:1:17: with.base.device: the range C01..C03 needs a column of type int, float or time, and this one holds text: declare it under types:, or quote it if it is meant as text`},
		{"shares and numbers", `{base: {}, sizes: {train: 70%, iid: 10}}`, `x.yaml:1:20: with.sizes.train: train, val and iid must all be shares or none: a share is drawn by threshold, a number by rank`},
		{"too large shares", `{base: {}, sizes: {train: 70%, iid: 40%}}`, `x.yaml:1:20: with.sizes.train: the shares of train, val and iid add up to 110%`},
		{"size of nothing", `{base: {lens: std}, shifts: {lens: wide}, sizes: {train: 1, iid: 1, ood: 1, lens=wild: 2}}`, `x.yaml:1:77: with.sizes.lens=wild: no output "lens=wild"; did you mean "lens=wide"?`},
		{"no such row", `{base: {lens: std}, shifts: {lens: fish}, ` + some + `}`, `no row is in lens=fish; no row has lens = fish, it holds std, wide; of 8 rows 6 are in a cell, 2: lens has another value`},
		{"in two sets", `{base: {lux: 280..}, shifts: {lux: [..<280, ..200]}, ` + some + `}`, `row "8": it belongs to lux=..<280 and lux=..200 at once: make their values disjoint (a range holds both its ends, and ..<N ends before N)`},
		{"missing refused", `{base: {device: C01}, missing: {device: error}, ` + some + `}`, `row "6": device is missing: fill it in, or set missing: {device: drop}`},
		{"too few", `{base: {lens: std}, group: serial, shifts: {lens: wide}, sizes: {train: 4, iid: 4, ood: 3}}`,
			`the rows do not suffice for the sizes asked; iid asks for 4, at most 2 can be had, since the other sets take them: asked 4, free 2 of 6, short by 2 (4 with other outputs); lens=wide asks for 3, at most 2 can be had, since there are no more such rows: asked 3, free 2 of 2, short by 1; remedy: sizes: {train: 4, iid: 2, ood: 2}`},
		{"no class left out by chance", `{base: {lens: std}, shifts: {lens: wide}, classes: [a, b], ` + some + `}`, `classes: no row of any cell has label = "b"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := outputs(t, shiftCase(t, tt.with, shots()))
			if got := fmt.Sprint(err); got != tt.want {
				t.Errorf("error:\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestClasses(t *testing.T) {
	rows := stagetest.Rows([]string{"1", "2", "3", "4", "5", "6"},
		stagetest.Column{Name: "domain", Values: []string{"photo", "photo", "photo", "sketch", "sketch", "photo"}},
		stagetest.Column{Name: "label", Values: []string{"cat", "dog", "cow", "cat", "dog", "cat"}})
	const with = `{base: {domain: photo}, shifts: {domain: sketch}, sizes: {train: 2, iid: 1, ood: all}`
	_, err := outputs(t, shiftCase(t, with+"}", rows))
	if got, want := fmt.Sprint(err), "test sets with other classes than base cannot be compared: domain=sketch lacks cow; set classes: common to keep what all have, a list, or all if this is meant"; got != want {
		t.Errorf("error:\n got %s\nwant %s", got, want)
	}
	got, err := outputs(t, shiftCase(t, with+", classes: common}", rows))
	if err != nil {
		t.Fatal(err)
	}
	if want := "unused: 3 (its class is not kept)"; !strings.Contains(got, want) || !strings.Contains(got, "classes: 2 of 3 are common") {
		t.Errorf("split:\n%s\nwant %s", got, want)
	}
}

// The canonical text must not depend on the order in which a spec is written.
func TestSpecText(t *testing.T) {
	const one = `{base: {a: [1, 2], b: x}, shifts: {a: [3, 4], b: [y]}, sizes: {train: 1, iid: 2, ood: 3}}`
	const two = `{sizes: {ood: 3, iid: 2, train: 1}, shifts: {b: [y], a: [4, 3]}, base: {b: x, a: [2, 1]}}`
	fields := func(with string) string {
		return fmt.Sprint(pipelineFields(t, with))
	}
	if a, b := fields(one), fields(two); a != b {
		t.Errorf("one spec in two orders:\n%s\n%s", a, b)
	}
}

func TestSelect(t *testing.T) {
	kind := SelectKind()
	for _, tt := range []struct{ with, want string }{
		{`{where: {lens: std, lux: 260..}}`, ": 1 3 4 5 6\nunused: 2 (lux has another value) 7 (lens has another value) 8 (several attributes have other values: lens, lux)"},
		{`{where: {device: {like: 'C0?'}}, size: 2}`, ": 3 7\n"},
		{`{size: {each: 1}, stratify: lens}`, ": 3 7\n"},
	} {
		got, err := outputs(t, stagetest.Case{Kind: kind, Config: parse(t, kind, tt.with), Seed: 7, Ports: map[string][]stages.Input{"rows": {shots()}}})
		if err != nil {
			t.Fatalf("%s: %v", tt.with, err)
		}
		if !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s:\n got %s\nwant %s", tt.with, got, tt.want)
		}
	}
}

func TestGoldenSelectAndGiven(t *testing.T) {
	kind := SelectKind()
	stagetest.Golden(t, "", stagetest.Case{Kind: kind, Config: parse(t, kind, "{where: {device: {like: 'C0?'}}, size: 2}"), Seed: 7, Ports: map[string][]stages.Input{"rows": {shots()}}})
	kind = GivenKind()
	val := stagetest.Rows([]string{"1", "2", "3"}, stagetest.Column{Name: "label", Values: []string{"cat", "dog", "cow"}})
	art := stagetest.Rows([]string{"8", "9"}, stagetest.Column{Name: "label", Values: []any{"dog", "cat"}})
	stagetest.Golden(t, "", stagetest.Case{Kind: kind, Config: parse(t, kind, "{classes: common}"), Ports: map[string][]stages.Input{"iid": {val}, "rendition": {art}}})
}

func TestGiven(t *testing.T) {
	kind := GivenKind()
	val := stagetest.Rows([]string{"1", "2", "3"}, stagetest.Column{Name: "label", Values: []string{"cat", "dog", "cow"}})
	art := stagetest.Rows([]string{"8", "9"}, stagetest.Column{Name: "label", Values: []any{"dog", "cat"}})
	ports := map[string][]stages.Input{"iid": {val}, "rendition": {art}}
	got, err := outputs(t, stagetest.Case{Kind: kind, Config: parse(t, kind, "{classes: common}"), Ports: ports})
	if err != nil {
		t.Fatal(err)
	}
	if want := "iid: 1 2\nrendition: 8 9\nclasses: 2 of 3 are common to all sets\niid: 2 rows kept, 1 left out, 0 of them without a class"; got != want {
		t.Errorf("given:\n got %s\nwant %s", got, want)
	}
	_, err = outputs(t, stagetest.Case{Kind: kind, Config: parse(t, kind, "{}"), Ports: ports})
	if got, want := fmt.Sprint(err), "sets with different classes cannot be compared: rendition lacks cow; set classes: common to keep what all have, a list, or all if this is meant"; got != want {
		t.Errorf("error:\n got %s\nwant %s", got, want)
	}
}

func pipelineFields(t *testing.T, with string) []pipeline.Field {
	fields := pipeline.Fields(parse(t, ShiftKind(), with), ShiftKind().NewConfig())
	for i := range fields {
		fields[i].Pos = pipeline.Pos{}
	}
	return fields
}

func TestBalance(t *testing.T) {
	ids, labels, lens := []string{}, []string{}, []string{}
	for i := range 60 {
		ids = append(ids, fmt.Sprintf("%02d", i))
		labels = append(labels, []string{"cat", "cat", "cat", "cat", "dog", "cow"}[i%6])
		lens = append(lens, []string{"std", "std", "wide"}[i/6%3])
	}
	rows := stagetest.Rows(ids, stagetest.Column{Name: "label", Values: labels}, stagetest.Column{Name: "lens", Values: lens})
	c := shiftCase(t, `{base: {lens: std}, shifts: {lens: wide}, balance: label, sizes: {train: 12, iid: 3, ood: all}, growth: relaxed}`, rows)
	got, err := outputs(t, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(got, "\n")[:3] {
		name, list, _ := strings.Cut(line, ": ")
		count := map[string]int{}
		for _, id := range strings.Fields(list) {
			for i := range ids {
				if ids[i] == id {
					count[labels[i]]++
				}
			}
		}
		if n := map[string]int{"train": 4, "iid": 1, "lens=wide": 3}[name]; count["cat"] != n || count["dog"] != n || count["cow"] != n {
			t.Errorf("%s holds %v, want %d of each", name, count, n)
		}
	}
	_, err = outputs(t, shiftCase(t, `{base: {lens: std}, balance: label, stratify: label, sizes: {train: 70%, iid: 3}}`, rows))
	if got, want := fmt.Sprint(err), "stratify keeps the mix of the rows and balance makes it even"; !strings.Contains(got, want) {
		t.Errorf("error:\n got %s\nwant %s", got, want)
	}
}

// TestRemedyPastes puts what a refusal offers into the spec as it stands there,
// which then must run, and with one row more must not.
func TestRemedyPastes(t *testing.T) {
	rows := shops(900)
	for _, tt := range []struct{ sizes, says string }{
		{"sizes: {train: 5000, val: 20, iid: 40, ood: 10}", "there are no more such rows"},
		{"sizes: {train: 60, iid: 20, ood: 900}", "country=FR,MX asks for 900, at most 102"},
		{"sizes: {train: 40, val: 30, iid: 4000, ood: iid}", "iid asks for 4000"},
		{"sizes: {train: 60, iid: 10, ood: 5, 'country=FR,MX': 700, 'camera=like:ol*': 9}", "country=FR,MX asks for 700"},
	} {
		for _, more := range []string{"", "stratify: label", "stratify: label, group: business", "group: business"} {
			spec := func(sizes string) string {
				return "{base: {country: [US, CA], year: 2019, camera: new}, shifts: {country: [[FR, MX]], camera: [{like: 'ol*'}]},\n" + sizes + ",\n" + more + "}"
			}
			_, err := outputs(t, shiftCase(t, spec(tt.sizes), rows))
			if err == nil {
				t.Errorf("%s, %s: is not refused", tt.sizes, more)
				continue
			}
			if more == "" && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s: %v\nwant it to say %q", tt.sizes, err, tt.says)
			}
			_, remedy, ok := strings.Cut(err.Error(), "remedy: ")
			if !ok {
				t.Errorf("%s, %s: no remedy: %v", tt.sizes, more, err)
				continue
			}
			if _, after, ok := strings.Cut(remedy, ", or "); ok {
				if _, err := outputs(t, shiftCase(t, spec(tt.sizes+", growth: relaxed"), rows)); err != nil {
					t.Errorf("%s, %s: growth: relaxed: %v", tt.sizes, more, err)
				}
				remedy = after
			}
			if _, err := outputs(t, shiftCase(t, spec(remedy), rows)); err != nil {
				t.Errorf("%s, %s: after the remedy\n%s\nthe split says: %v", tt.sizes, more, remedy, err)
			}
			var n int
			if _, err := fmt.Sscanf(remedy, "sizes: {train: %d", &n); err != nil {
				t.Fatal(remedy)
			}
			larger := strings.Replace(remedy, fmt.Sprintf("train: %d", n), fmt.Sprintf("train: %d", n+1), 1)
			if !strings.Contains(tt.sizes, fmt.Sprintf("train: %d", n)) {
				if _, err := outputs(t, shiftCase(t, spec(larger), rows)); err == nil {
					t.Errorf("%s, %s: the remedy\n%s\nis not the largest: one more row for train can be had", tt.sizes, more, remedy)
				}
			}
		}
	}
}
