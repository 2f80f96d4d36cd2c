package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"shiftmill/pipeline"
	"shiftmill/runs"
)

// A Result is what one instance gave, with the lines of its key where they are
// known.
type Result struct {
	pipeline.LockedStage
	Lines []Line
	Note  string // why less is known, or what became of it
	None  bool   // there is no result: it failed, was skipped, or the run ended before it
}

// A StageDiff is how an instance differs between two sides.
type StageDiff struct {
	Name    string      `json:"name"`
	Old     *Result     `json:"-"`         // nil where the instance is missing
	New     *Result     `json:"-"`         // likewise
	Key     bool        `json:"other_key"` // the keys differ, where both are known
	Params  []Change    `json:"params,omitempty"`
	Inputs  []Change    `json:"inputs,omitempty"`
	Outputs []ValueDiff `json:"outputs,omitempty"` // "train rows", "train column label", "file weights.safetensors"
	Metrics []ValueDiff `json:"metrics,omitempty"`
}

// A ValueDiff is a value on both sides; "" where it is missing.
type ValueDiff struct {
	What string `json:"what"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

// Content says whether the results themselves differ, not only their keys.
func (d StageDiff) Content() bool {
	return d.Old == nil || d.New == nil || d.Old.None != d.New.None || len(d.Outputs) > 0 || len(d.Metrics) > 0
}

// Diff compares two sides by instance, in the order of the new one, then what
// only the old one has.
func Diff(old, new []Result) []StageDiff {
	was := map[string]*Result{}
	for i := range old {
		was[old[i].Name] = &old[i]
	}
	var out []StageDiff
	for i := range new {
		d := diffResults(was[new[i].Name], &new[i])
		delete(was, new[i].Name)
		if d.Key || d.Content() {
			out = append(out, d)
		}
	}
	for i := range old {
		if was[old[i].Name] != nil {
			out = append(out, StageDiff{Name: old[i].Name, Old: &old[i], Key: true})
		}
	}
	return out
}

func diffResults(old, new *Result) StageDiff {
	d := StageDiff{Name: new.Name, Old: old, New: new, Key: old == nil || old.Key != new.Key && old.Key != "" && new.Key != ""}
	if old == nil {
		return d
	}
	if d.Key && old.Lines != nil && new.Lines != nil {
		for _, c := range diffLines(old.Lines, new.Lines) {
			if strings.HasPrefix(c.Label, "in.") || c.Label == "listing" {
				d.Inputs = append(d.Inputs, c)
			} else {
				d.Params = append(d.Params, c)
			}
		}
	}
	d.Outputs = diffOutputs(old.Outputs, new.Outputs)
	d.Metrics = diffMetrics(old.Metrics, new.Metrics)
	return d
}

func diffOutputs(old, new []pipeline.LockedOutput) []ValueDiff {
	list := func(outs []pipeline.LockedOutput) (vs []ValueDiff) {
		for _, o := range outs {
			prefix := ""
			if o.Name != "" {
				prefix = o.Name + " "
			}
			vs = append(vs, ValueDiff{What: prefix + "rows", Old: fmt.Sprint(o.Rows)})
			for _, c := range o.Content {
				vs = append(vs, ValueDiff{What: prefix + c.Name, Old: c.ID[:min(12, len(c.ID))]})
			}
		}
		return vs
	}
	return diffValues(list(old), list(new))
}

func diffMetrics(old, new []pipeline.LockedMetric) []ValueDiff {
	list := func(ms []pipeline.LockedMetric) (vs []ValueDiff) {
		for _, m := range ms {
			vs = append(vs, ValueDiff{What: m.Name, Old: fmt.Sprintf("%.6g", m.Value)})
		}
		return vs
	}
	return diffValues(list(old), list(new))
}

// diffValues pairs two lists of values, each in the field Old, by name.
func diffValues(old, new []ValueDiff) []ValueDiff {
	was := map[string]string{}
	for _, v := range old {
		was[v.What] = v.Old
	}
	var out []ValueDiff
	for _, v := range new {
		before, ok := was[v.What]
		delete(was, v.What)
		if !ok || before != v.Old {
			out = append(out, ValueDiff{v.What, before, v.Old})
		}
	}
	for _, v := range old {
		if _, gone := was[v.What]; gone {
			out = append(out, ValueDiff{v.What, v.Old, ""})
		}
	}
	return out
}

// Results are those of a run, as far as the store still has them.
func (r RunRecord) Results(store *runs.Store) []Result {
	out := make([]Result, len(r.Nodes))
	for i, n := range r.Nodes {
		rec, ok := readRecord(store, n.Key)
		has := n.State == Ran || n.State == Hit
		switch {
		case !has: // what the store has under the key came later
			rec = nodeRecord{Lines: rec.Lines}
		case !ok:
			rec.Metrics = n.Metrics
		}
		out[i] = Result{LockedStage: lockedStage(n.Name, n.Kind, n.Key, rec), Lines: rec.Lines, None: !has}
		if n.Key.IsZero() {
			out[i].Key = "" // it was not known yet
		}
		switch {
		case n.State == Pending || n.State == Miss:
			out[i].Note = "not finished"
		case !has:
			out[i].Note = joinReasons(n.State.String(), n.Reason)
		case !ok:
			out[i].Note = "its record is no longer in the store"
		}
	}
	return out
}

// readRecord reads what the store keeps under a node's key.
func readRecord(store *runs.Store, key runs.Digest) (nodeRecord, bool) {
	var nr nodeRecord
	rec, ok := store.Lookup(key)
	if !ok {
		return nr, false
	}
	outs, rest, err := decodeOutputs(rec.Data)
	if err != nil || !nr.decodeRest(rest) {
		return nodeRecord{}, false
	}
	nr.Outputs = outs
	return nr, true
}

// Runs hands over what LoadRunHead tells of runs, newest first: of one spec, or of all
// when it is ""; at most some of them, unless most is 0.
func Runs(store *runs.Store, spec string, most int, each func(RunRecord) error) error {
	infos, err := store.Runs()
	if err != nil {
		return err
	}
	given := 0
	for _, info := range infos {
		if most > 0 && given == most {
			break
		}
		r, err := LoadRunHead(store, info.ID)
		if err != nil {
			continue // collected, or of another version
		}
		if spec == "" || r.Spec == spec || strings.HasPrefix(r.Spec, spec+trialMark) {
			given++
			if err := each(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// LoadRunHead reads a run record without its nodes, which may be many.
func LoadRunHead(store *runs.Store, id string) (RunRecord, error) {
	data, err := store.LoadRun(id)
	if err != nil {
		return RunRecord{}, err
	}
	return runHead(data)
}

// runHead is a run record without its nodes, and how many there are of each state.
func runHead(data []byte) (RunRecord, error) {
	if at := bytes.Index(data, []byte(",\n \"nodes\": [")); at >= 0 { // no text in JSON holds a line's end
		var head RunRecord
		if err := json.Unmarshal(append(data[:at:at], '}'), &head); err == nil && head.Count != nil {
			return head, nil
		}
	}
	var r RunRecord // of an older version
	if err := json.Unmarshal(data, &r); err != nil {
		return RunRecord{}, err
	}
	r.Count = map[State]int{}
	for _, n := range r.Nodes {
		r.Count[n.State]++
	}
	r.Nodes = nil
	return r, nil
}

// LoadRun reads one run record.
func LoadRun(store *runs.Store, id string) (RunRecord, error) {
	var r RunRecord
	data, err := store.LoadRun(id)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(data, &r)
}
