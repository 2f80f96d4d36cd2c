package split

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"shiftmill/stages/stagetest"
)

// TestReserve adds candidates to random splits: who has a place is as without
// them, and who stands by is free for it, of its stratum, in no train group, and
// in the order of the seats.
func TestReserve(t *testing.T) {
	beyond := 0
	for i := range *cases {
		r := rand.New(rand.NewPCG(uint64(i), 77))
		w := newWorld(r)
		of, err := w.run(t, nil)
		if err != nil {
			continue
		}
		rows := map[string]map[string]string{}
		train := map[string]bool{}
		for _, row := range w.rows {
			rows[row["id"]] = row
			for _, g := range w.group {
				if v, ok := row[g]; ok && of[row["id"]] == "train" {
					train[g+v] = true
				}
			}
		}
		c := shiftCase(t, strings.TrimSuffix(w.spec(), "}")+", reserve: 50%}", w.table())
		c.Seed, c.Cut, c.Workers = w.seed, r, 1+r.IntN(3)
		sink, err := c.Run(context.Background())
		if err != nil {
			t.Fatalf("case %d: %v", i, err)
		}
		for _, o := range shiftOutputs(c.Config.(*Shift)) {
			table, err := sink.Rows(o.Name)
			if err != nil {
				t.Fatal(err)
			}
			if table == nil {
				continue
			}
			ids := column(table, "id")
			var seats []string
			if c.Config.(*Shift).seats(o.Name) {
				seats = column(table, "seat")
			}
			taken := map[string]bool{}
			for k, id := range ids {
				if seats == nil {
					if of[id] != o.Name {
						t.Errorf("case %d: %s is in %s, without candidates in %s", i, id, o.Name, of[id])
					}
					continue
				}
				var rank, places int
				if _, err := fmt.Sscanf(seats[k], "%d/%d", &rank, &places); err != nil {
					t.Fatal(err)
				}
				_, stratum, _ := strings.Cut(seats[k], " ")
				seat := fmt.Sprint(rank, " ", stratum)
				switch {
				case taken[seat]:
					t.Errorf("case %d: two rows of %s have the seat %s", i, o.Name, seats[k])
				case (rank <= places) != (of[id] == o.Name):
					t.Errorf("case %d: %s has the seat %s of %s, and is in %s without candidates\n%s", i, id, seats[k], o.Name, of[id], w.spec())
				case stratum != "" && stratum != rows[id]["label"]:
					t.Errorf("case %d: %s of %s has the seat %s", i, id, rows[id]["label"], seats[k])
				case rank > places && of[id] != "unused":
					t.Errorf("case %d: %s stands by for %s and is in %s", i, id, o.Name, of[id])
				}
				if taken[seat] = true; rank > places {
					beyond++
					for _, g := range w.group {
						if v, ok := rows[id][g]; ok && train[g+v] {
							t.Errorf("case %d: %s stands by for %s, and its group is in train", i, id, o.Name)
						}
					}
				}
			}
		}
	}
	t.Logf("%d candidates stood by", beyond)
	if beyond < *cases/2 {
		t.Errorf("only %d candidates in %d cases", beyond, *cases)
	}
}

// TestMatchColumns matches shifts to iid in the mix of two columns, one of them a
// bin.
func TestMatchColumns(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	n := 4000
	ids, site, label, age := make([]string, n), make([]string, n), make([]string, n), make([]float64, n)
	for i := range n {
		ids[i], site[i], label[i] = fmt.Sprintf("%05d", i), pick(r, "A", "A", "B"), pick(r, "x", "y")
		age[i] = 100 * r.Float64()
		if site[i] == "B" { // another mix
			label[i], age[i] = pick(r, "x", "x", "x", "y"), 100*r.Float64()*r.Float64()
		}
	}
	table := stagetest.Rows(ids, stagetest.Column{Name: "site", Values: site}, stagetest.Column{Name: "label", Values: label}, stagetest.Column{Name: "age", Values: age})
	sink, err := shiftCase(t, "{bins: {old: {of: age, at: [40, 70]}}, base: {site: A}, shifts: {site: B}, match: [label, old], sizes: {train: 500, iid: 200, ood: 100}}", table).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mix := map[string]map[string]int{}
	for _, o := range []string{"iid", "site=B"} {
		rows, err := sink.Rows(o)
		if err != nil {
			t.Fatal(err)
		}
		mix[o] = map[string]int{}
		for _, id := range column(rows, "id") {
			var i int
			fmt.Sscanf(id, "%d", &i)
			mix[o][fmt.Sprint(label[i], age[i] >= 40, age[i] >= 70)]++
		}
	}
	for k, n := range mix["iid"] {
		if got := mix["site=B"][k]; 2*got < n-2 || 2*got > n+2 {
			t.Errorf("%s: %d of 100 in site=B, %d of 200 in iid", k, got, n)
		}
	}
}
