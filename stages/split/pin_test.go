package split

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shiftmill/pipeline"
	"shiftmill/stages/stagetest"
)

// saved writes a manifest of a split.
func saved(t *testing.T, of map[string]string) pipeline.File {
	t.Helper()
	var b strings.Builder
	b.WriteString(`{"manifest":1}` + "\n")
	for _, id := range keys(of) {
		if of[id] != "unused" {
			fmt.Fprintf(&b, "{\"id\":%q,\"output\":%q}\n", id, of[id])
		}
	}
	path := filepath.Join(t.TempDir(), "manifest.jsonl")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return pipeline.File(path)
}

// TestPin grows random splits of every form, several group keys and mixes
// included: pinned rows stay, nothing crosses, and groups keep apart.
func TestPin(t *testing.T) {
	compared, held := 0, 0
	for i := range *cases {
		r := rand.New(rand.NewPCG(uint64(i), 9))
		w := newWorld(r)
		before, err := w.run(t, nil)
		if err != nil {
			continue
		}
		was := slices.Clone(w.rows)
		w.add(r, 1+r.IntN(40), true)
		w.seed++ // without pins everything would move
		w.manifest = saved(t, before)
		after, err := w.run(t, r)
		if err != nil {
			continue
		}
		compared++
		full := !w.stratified && !w.match && w.sizes["train"].kind == count
		for _, row := range was {
			id := row["id"]
			switch o := before[id]; {
			case o == "unused" || after[id] == o:
			case after[id] != "unused":
				t.Fatalf("case %d: pinned row %s moved from %s to %s\n%s", i, id, o, after[id], w.spec())
			case full:
				t.Fatalf("case %d: pinned row %s left %s\n%s", i, id, o, w.spec())
			}
		}
		held += len(was)
		train := map[string]bool{}
		for pass := range 2 {
			for _, row := range w.rows {
				for _, g := range w.group {
					v, ok := row[g]
					o := after[row["id"]]
					if ok && pass == 0 && o == "train" {
						train[g+v] = true
					}
					if ok && pass == 1 && o != "train" && o != "unused" && train[g+v] {
						t.Fatalf("case %d: group %s=%s is in train and in %s\n%s", i, g, v, o, w.spec())
					}
				}
			}
		}
	}
	t.Logf("%d pinned splits of %d rows compared", compared, held)
	if compared < *cases/8 {
		t.Errorf("only %d of %d cases were feasible", compared, *cases)
	}
}

// A new row that joins groups of both sides is left out, and named; the moves
// since a manifest are counted.
func TestPinMerges(t *testing.T) {
	table := stagetest.Rows([]string{"1", "2", "3", "4"},
		stagetest.Column{Name: "lens", Values: []string{"std", "std", "std", "std"}},
		stagetest.Column{Name: "shop", Values: []any{"a", "b", "a", nil}},
		stagetest.Column{Name: "day", Values: []any{nil, "x", "x", nil}})
	c := shiftCase(t, `{base: {lens: std}, sizes: {train: 1, iid: 1}, group: [shop, day]}`, table)
	c.Config.(*Shift).Pin = saved(t, map[string]string{"1": "iid", "2": "train", "9": "iid"})
	c.Config.(*Shift).Last = saved(t, map[string]string{"1": "train", "4": "iid", "2": "train"})
	got, err := outputs(t, c)
	if err != nil {
		t.Fatal(err)
	}
	const want = `train: 2
iid: 1
unused: 3 (it joins groups that are pinned to train and to a test set) 4 (spare: beyond the sizes asked)
pin: 3 rows of the manifest: 2 can stay where they are, 0 are in another cell or side now, 1 are gone or in no cell
rows: train 1, iid 1
unused: 1 of 4 rows: it joins groups that are pinned to train and to a test set
unused: 1 of 4 rows: spare: beyond the sizes asked
group: 1 rows have no value in shop, day and count as groups of their own
since the last manifest: 1 rows stayed, 1 moved from one set to another (train to iid 1), 1 left to unused, 0 came, 0 are no longer in the data`
	if got != want {
		t.Errorf("split:\n got %s\nwant %s", got, want)
	}
	c.Config.(*Shift).Pin = "nowhere.jsonl"
	if _, err := c.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "nowhere.jsonl") {
		t.Errorf("error: %v", err)
	}
}
