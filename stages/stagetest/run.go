package stagetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// A Case is one stage to run: a kind, its parameters and what stands at its
// ports.
type Case struct {
	Kind   *stages.Kind
	Config any // as the kind's NewConfig returns it; nil takes the defaults
	Ports  map[string][]stages.Input
	Seed   uint64
	Images stages.Images // nil opens cells that hold their own data
	Resume []byte
	// Home, Folder and Limit are those of an external kind.
	Home, Folder string
	Limit        time.Duration
	// Workers is how many goroutines the stage may use; 0 is one.
	Workers int
	// Memory is how many bytes the stage should hold; 0 is no limit.
	Memory int64
	// Cut, if set, cuts inputs into records and a row-wise kind's rows into
	// parts at random, and runs the parts concurrently in a random order.
	Cut *rand.Rand
	// Sink takes the result; nil is a new one.
	Sink *Sink
}

// Run checks the parameters and the columns as the engine does before a run,
// then runs the stage. Problems of either check are its error.
func (c Case) Run(ctx context.Context) (*Sink, error) {
	config := c.Config
	if config == nil {
		config = c.Kind.NewConfig()
	}
	if err := problems(c.Kind.Check(config)); err != nil {
		return nil, err
	}
	ports, schemas, err := c.inputs(config)
	if err != nil {
		return nil, err
	}
	declared, probs := c.Kind.Columns(config, schemas)
	if err := problems(probs); err != nil {
		return nil, err
	}
	out := c.Sink
	if out == nil {
		out = NewSink()
	}
	if declared != nil {
		out.declared = declared
	}
	stage, err := c.Kind.New(config)
	if err != nil {
		return out, err
	}
	in := stages.Inputs{Seed: c.Seed, Workers: max(c.Workers, 1), Memory: c.Memory, Images: c.Images, Resume: c.Resume, Ports: ports, Home: c.Home, Folder: c.Folder, Limit: c.Limit}
	if in.Images == nil {
		in.Images = Pictures(nil)
	}
	if c.Kind.Shape != stages.RowWise || c.Cut == nil {
		return out, stage.Run(ctx, &in, out)
	}
	return out, c.runParts(ctx, stage, in, out)
}

// inputs gives the stage what it declared to read, and the kind the whole
// schemas to judge.
func (c Case) inputs(config any) (map[string][]stages.Input, stages.Schemas, error) {
	ports, schemas := map[string][]stages.Input{}, stages.Schemas{}
	for _, name := range sorted(c.Ports) {
		for _, input := range c.Ports[name] {
			table, ok := input.(*Table)
			if !ok {
				ports[name] = append(ports[name], input)
				continue
			}
			if p, ok := c.Kind.Port(name); ok && p.Any && !p.Many && len(c.Ports[name]) > 1 {
				schemas[name+"="+table.Output()] = table.schema
			} else {
				schemas[name] = table.schema
			}
			seen, err := table.only(c.Kind.Reads(config, name, table.schema))
			if err != nil {
				// The kind must report a missing column itself; let it try.
				if _, probs := c.Kind.Columns(config, stages.Schemas{name: table.schema}); len(probs) > 0 {
					return nil, nil, problems(probs)
				}
				return nil, nil, fmt.Errorf("port %q: %w", name, err)
			}
			if c.Cut != nil {
				seen.Batch = 1 + c.Cut.IntN(max(seen.Len(), 1))
			}
			ports[name] = append(ports[name], seen)
		}
	}
	return ports, schemas, nil
}

func (c Case) runParts(ctx context.Context, stage stages.Stage, in stages.Inputs, out *Sink) error {
	first := c.Kind.In[0].Name
	rows := in.Ports[first][0].(*Table)
	var parts []*Table
	for lo := 0; lo < rows.Len(); {
		hi := min(lo+1+c.Cut.IntN(max(rows.Len()/2, 1)), rows.Len())
		parts = append(parts, rows.slice(lo, hi))
		lo = hi
	}
	c.Cut.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	errs := make([]error, len(parts))
	var wg sync.WaitGroup
	for i, part := range parts {
		part.Batch = 1 + c.Cut.IntN(part.Len())
		ports := map[string][]stages.Input{}
		for name, p := range in.Ports {
			ports[name] = p
		}
		ports[first] = []stages.Input{part}
		mine := in
		mine.Ports = ports
		wg.Go(func() { errs[i] = stage.Run(ctx, &mine, out) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func problems(ps []pipeline.Problem) error {
	if len(ps) == 0 {
		return nil
	}
	es := make(pipeline.Errors, len(ps))
	for i, p := range ps {
		es[i] = &pipeline.Error{Pos: p.Pos, Path: "with." + p.Field, Msg: p.Msg}
	}
	return es.Sorted()
}
