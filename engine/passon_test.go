package engine_test

import (
	"fmt"
	"testing"

	"shiftmill/engine"
)

// TestKeysFromRecords takes the keys of readers from what the records of their inputs
// tell, which know of the readers when they are written or do not.
func TestKeysFromRecords(t *testing.T) {
	inputs := "stages:\n  n: {kind: source/numbers, with: {n: 3000}}\n  s: {kind: index/parity, from: n}\n  q: {kind: index/parity, from: [s.odd, s.even]}\n"
	readers := "  m: {kind: map/scale, from: s.odd}\n  l: {kind: map/scale, from: [s.odd, q.even]}\n  r: {kind: report/total, from: [s.even, q.odd, l]}\n"
	keys := func(r result) (text string) {
		if r.err != nil {
			t.Fatal(r.err)
		}
		for _, n := range r.nodes {
			text += fmt.Sprintln(n.Name, n.Key)
		}
		return text
	}
	together, apart := newBench(t), newBench(t)
	want := keys(together.run(inputs+readers, engine.Options{}))
	keys(apart.run(inputs, engine.Options{}))
	if got := keys(apart.run(inputs+readers, engine.Options{})); got != want {
		t.Errorf("readers that come later have other keys:\n%s\nwant\n%s", got, want)
	}
	for _, b := range []*bench{together, apart} {
		if again := b.run(inputs+readers, engine.Options{}); again.ran != 0 || keys(again) != want {
			t.Errorf("second run ran %d stages under\n%s\nwant\n%s", again.ran, keys(again), want)
		}
	}
}

// TestPassedColumnChanges changes a column that a stage passes on and does not read: its
// result stays, and whoever reads the column behind it runs again.
func TestPassedColumnChanges(t *testing.T) {
	spec := `stages:
  n: {kind: source/numbers, with: {n: 50, bump: %d}}
  m: {kind: source/numbers, with: {n: 50}}
  j: {kind: index/join, from: {left: n, right: m}}
  t: {kind: report/total, from: [j]}
`
	b := newBench(t)
	for i, bump := range []int{-1, 13, -1, 17} {
		spec := fmt.Sprintf(spec, bump)
		got, want := b.run(spec, engine.Options{}), newBench(t).run(spec, engine.Options{})
		if got.err != nil || want.err != nil {
			t.Fatal(got.err, want.err)
		}
		if got.digests["t"] != want.digests["t"] {
			t.Errorf("edit %d: the report has %s, on an empty store %s", i, got.digests["t"], want.digests["t"])
		}
		if i > 0 && got.ran > 2 {
			t.Errorf("edit %d: ran %d stages, want the source and the report", i, got.ran)
		}
	}
}

// TestStreamedList streams rows of a list of inputs: their ids have the content id of
// rows that are stored.
func TestStreamedList(t *testing.T) {
	spec := "stages:\n  n: {kind: source/numbers, with: {n: 3000}}\n  s: {kind: index/parity, from: n}\n  m: {kind: map/scale, from: [s.odd, s.even]%s}\n"
	ids := func(more string) string {
		r := newBench(t).run(fmt.Sprintf(spec, more), engine.Options{})
		if r.err != nil {
			t.Fatal(r.err)
		}
		return r.nodes[len(r.nodes)-1].Outputs[0].Content["id"].String()
	}
	if stored, streamed := ids(""), ids(", cache: stream"); stored != streamed {
		t.Errorf("ids of streamed rows are %s, of stored ones %s", streamed, stored)
	}
}
