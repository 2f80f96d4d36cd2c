package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sys/cpu"

	"shiftmill/runs"
)

// A RunRecord says what a run was asked, where it ran and what became of each
// node. It is kept in the store, newest first; nothing in it enters a key.
type RunRecord struct {
	ID       string        `json:"id"`
	Spec     string        `json:"spec"` // name in the spec
	File     string        `json:"file"`
	Text     string        `json:"text"` // of the spec as it was
	Set      []string      `json:"set,omitempty"`
	Part     string        `json:"part,omitempty"` // the options that left stages out
	Started  time.Time     `json:"started"`
	Seconds  float64       `json:"seconds"`
	Outcome  string        `json:"outcome"`
	Count    map[State]int `json:"count,omitempty"` // nodes by what became of them; records of older versions have none
	Machine  Machine       `json:"machine"`
	Device   string        `json:"device,omitempty"` // what did the arithmetic, such as "cpu:avx2" or "opencl:0 (NVIDIA H200)"
	PeakMem  int64         `json:"peak_memory_bytes,omitempty"`
	Location string        `json:"store"`
	Nodes    []NodeRun     `json:"nodes"` // behind all else, so that a record is told without them; see LoadRunHead
}

// A NodeRun is what became of a node in a run.
type NodeRun struct {
	Name    string      `json:"name"`
	Kind    string      `json:"kind"`
	State   State       `json:"state"`
	Reason  string      `json:"reason,omitempty"`
	Key     runs.Digest `json:"key"`
	Seconds float64     `json:"seconds,omitempty"`
	Rows    int         `json:"rows,omitempty"`
	Outputs []OutputRun `json:"outputs,omitempty"` // what a lock file says of them
	Metrics []Metric    `json:"metrics,omitempty"`
	Notes   []string    `json:"notes,omitempty"`
	Skips   []Skip      `json:"skips,omitempty"`
}

// An OutputRun is an output that a node had at the end of a run.
type OutputRun struct {
	Name    string                 `json:"name,omitempty"`
	Rows    int                    `json:"rows,omitempty"`
	Content map[string]runs.Digest `json:"content"` // by column or file
}

// A Machine is where a run ran.
type Machine struct {
	OS        string   `json:"os"`
	Arch      string   `json:"arch"`
	Go        string   `json:"go"`
	Version   string   `json:"version"`
	Workers   int      `json:"workers"`
	CPU       []string `json:"cpu_features"`
	Processor int      `json:"processors"`
	Host      string   `json:"host"`
	Memory    int64    `json:"memory_bytes"`          // that rows in flight and kept tables might take
	Limits    []string `json:"environment,omitempty"` // variables that bound what the program may use, as they were
}

// NodeRuns tells what became of every node, for a run record.
func (e *Engine) NodeRuns() []NodeRun {
	out := make([]NodeRun, len(e.nodes))
	for i, n := range e.nodes {
		r := NodeRun{Name: n.spec.Name, Kind: n.kind.Name, State: n.state, Reason: n.reason, Key: n.key.Digest, Rows: int(n.rows)}
		for i := range n.outputs {
			o := &n.outputs[i]
			r.Outputs = append(r.Outputs, OutputRun{Name: o.name, Rows: o.rows(), Content: o.contentIDs()})
		}
		if n.state == Ran {
			r.Seconds, r.Metrics, r.Notes, r.Skips = n.told.Seconds, n.told.Metrics, n.told.Notes, n.told.Skips
		}
		out[i] = r
	}
	return out
}

// Count says how many nodes are in each state.
func (e *Engine) Count() map[State]int {
	var counts [len(stateWords)]int
	for _, n := range e.nodes {
		counts[n.state]++
	}
	count := map[State]int{}
	for s, n := range counts {
		if n > 0 {
			count[State(s)] = n
		}
	}
	return count
}

// Outputs are the content ids of all outputs that exist, by instance, output
// and column or file.
func (e *Engine) Outputs() map[string]map[string]map[string]runs.Digest {
	all := map[string]map[string]map[string]runs.Digest{}
	for _, n := range e.nodes {
		_ = e.complete(n) // else its outputs are not there
		outs := map[string]map[string]runs.Digest{}
		for _, o := range n.outputs {
			outs[o.name] = o.contentIDs()
		}
		all[n.spec.Name] = outs
	}
	return all
}

// rows is how many rows an output has, 0 for files.
func (o *output) rows() int {
	if o.data == nil {
		return 0
	}
	return o.data.rows
}

// contentIDs are those of an output's columns, as far as known, and files.
func (o *output) contentIDs() map[string]runs.Digest {
	ids := map[string]runs.Digest{}
	if o.data != nil {
		maps.Insert(ids, o.data.content.all())
	}
	for _, f := range o.files {
		ids[f.Name] = f.Object
	}
	return ids
}

// SaveRun keeps a run record, and with it what the run used, unless the run
// found everything done under the very keys of one before on the same day,
// which then still tells all.
func (e *Engine) SaveRun(r RunRecord) error {
	ran := false
	for _, n := range e.nodes {
		ran = ran || n.state != Hit
	}
	keys, last := derive("run of/1", e.keysDigest(), digestText(r.Started.UTC().Format(time.DateOnly))), derive("last run/1", digestText(r.Spec))
	if before, ok := e.lookupDigest(last); ok && before == keys && !ran {
		return nil
	}
	if err := e.appendDigest(last, keys); err != nil {
		return err
	}
	if err := e.completeAll(); err != nil {
		return err
	}
	r.Nodes, r.Count = e.NodeRuns(), e.Count()
	r.Machine = Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version(), Version: Version(),
		Workers: e.o.Workers, CPU: cpuFeatures(), Processor: runtime.NumCPU(), Host: e.stats.host, Memory: e.o.Memory, Limits: environment()}
	r.PeakMem = peakMemory()
	r.Location = e.store.Dir()
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return e.store.SaveRun(r.ID, data, e.keysInUse()...)
}

// keysInUse are the records that a collection keeps while the run is recent:
// results, what row-wise stages take rows over from, checkpoints of what did
// not end, and the digests of files.
func (e *Engine) keysInUse() []runs.Digest {
	var keys []runs.Digest
	for _, n := range e.nodes {
		if !n.key.Digest.IsZero() {
			keys = append(keys, n.key.Digest)
		}
		if !n.op.IsZero() {
			keys = append(keys, derive("operation/1", n.op))
		}
		if n.outputs == nil {
			keys = append(keys, checkpointKey(n))
		}
	}
	return append(keys, e.stats.keys()...)
}

// mostBefore is how many runs LastRun looks at.
const mostBefore = 10

// LastRun is the newest record of a run of the same spec, or false. Stages that
// it was asked to leave out, or ended before, come from the runs before it, as far
// as a few of them tell.
func LastRun(store *runs.Store, spec string) (RunRecord, bool, error) {
	infos, err := store.Runs()
	if err != nil {
		return RunRecord{}, false, err
	}
	var last RunRecord
	looked, have := 0, map[string]bool{}
	unfinished := map[string]NodeRun{}
	for _, info := range infos {
		data, err := store.LoadRun(info.ID)
		if err != nil {
			continue // collected
		}
		if head, err := runHead(data); err != nil || head.Spec != spec {
			continue // from another version, or of another spec: it explains nothing here
		}
		var r RunRecord
		if err := json.Unmarshal(data, &r); err != nil {
			continue
		}
		nodes := r.Nodes
		if looked == 0 {
			last = r
			last.Nodes = nil
		}
		ended := true
		for _, n := range nodes {
			if have[n.Name] {
				continue
			}
			if n.State == Pending || n.State == Miss {
				ended = false
				if _, known := unfinished[n.Name]; !known {
					unfinished[n.Name] = n
				}
				continue
			}
			have[n.Name] = true
			last.Nodes = append(last.Nodes, n)
		}
		if looked++; r.Part == "" && ended || looked == mostBefore {
			break
		}
	}
	for _, name := range slices.Sorted(maps.Keys(unfinished)) {
		if !have[name] {
			last.Nodes = append(last.Nodes, unfinished[name])
		}
	}
	return last, looked > 0, nil
}

// NewRunID names a run by its start and process.
func NewRunID(start time.Time) string {
	return fmt.Sprintf("%s-%d", start.UTC().Format("20060102T150405.000"), os.Getpid())
}

// Version is the version of this program: the module's, or the commit it was
// built from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && (v == "" || v == "(devel)") {
			v = s.Value
		}
	}
	if v == "" {
		v = "(devel)"
	}
	return v
}

// environment lists the variables that change how the program works, never what it gives.
func environment() []string {
	var set []string
	for _, name := range []string{"GOMAXPROCS", "GOMEMLIMIT", "GOGC", "GODEBUG", "SLURM_JOB_ID", "SHIFTMILL_ONNXRUNTIME"} {
		if v, ok := os.LookupEnv(name); ok {
			set = append(set, name+"="+v)
		}
	}
	return set
}

func cpuFeatures() []string {
	var fs []string
	for _, f := range []struct {
		name string
		has  bool
	}{
		{"sse4.2", cpu.X86.HasSSE42}, {"avx2", cpu.X86.HasAVX2}, {"fma", cpu.X86.HasFMA},
		{"avx512f", cpu.X86.HasAVX512F}, {"neon", cpu.ARM64.HasASIMD},
	} {
		if f.has {
			fs = append(fs, f.name)
		}
	}
	return fs
}
