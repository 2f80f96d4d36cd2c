package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Options are what the language needs to know beside the spec.
type Options struct {
	Vocabulary Vocabulary
	Set        []string // "params.epochs=3" from the command line; it wins over Local and the spec
	Local      *Local   // the machine's settings, see FindLocal; nil for none
	ReadFile   func(name string) ([]byte, error)
	Only, From string // restrict what is run, see Graph.Select; checked here
	Partial    bool   // check without data: a parameter without a value is no mistake and stands in Graph.Open
}

// Load reads, checks and expands a spec. Mistakes in it come as Errors, all at
// once; another error says that the file cannot be read. Beside Errors may come a
// part of the graph, see Parse.
func Load(file string, o Options) (*Graph, error) {
	data, err := o.read(file)
	if err != nil {
		return nil, fmt.Errorf("read spec: %w", err)
	}
	return Parse(file, data, o)
}

// Parse is Load for a spec whose text is at hand; the file's name serves for
// positions, relative paths and extends. Beside Errors comes the part of the graph in
// which more mistakes can be looked for, such as columns that do not exist: nodes with
// what is known of their inputs, and in Node.Wrong the parameters that hold mistakes.
// It may be nil, and is not for running.
func Parse(file string, data []byte, o Options) (*Graph, error) {
	c := &checker{vocabulary: o.Vocabulary, types: newTypes(), options: &o}
	root := c.parseFile(file, data)
	if root == nil {
		return nil, c.rep.err()
	}
	c.extending = []string{absolute(file)}
	if root = c.extend(root); root == nil {
		return nil, c.rep.err() // without its base, half of what it says would look wrong
	}
	g := c.spec(file, root)
	c.checkSelection(g)
	if err := c.rep.err(); err != nil {
		return g.checkable(), err
	}
	return g, nil
}

// checkSelection reports names that Only and From do not find; that of an instance is
// looked for only where all of them are known.
func (c *checker) checkSelection(g *Graph) {
	sound := !c.rep.failed()
	for _, o := range []struct{ only, from string }{{only: c.options.Only}, {from: c.options.From}} {
		if stage, _, _ := strings.Cut(o.only+o.from, "["); stage == "" || !sound && isWord(g.Stages, stage) {
			continue
		}
		var errs Errors
		if _, err := g.Select(o.only, o.from); errors.As(err, &errs) {
			for _, e := range errs {
				c.rep.put(e)
			}
		}
	}
}

func (o *Options) read(file string) ([]byte, error) {
	if o.ReadFile != nil {
		return o.ReadFile(file)
	}
	return os.ReadFile(file)
}

func absolute(file string) string {
	if abs, err := filepath.Abs(file); err == nil {
		return abs
	}
	return file
}

// A checker turns the text of a spec into a graph and collects its mistakes.
type checker struct {
	rep        reporter
	vocabulary Vocabulary
	types      *types
	options    *Options
	extending  []string // absolute names of the files being read, for cycles
	params     *paramSet
	specSeed   uint64
	seedPos    Pos
	stages     []*stage // in the order of the spec
	byName     map[string]*stage
	names      []string          // of stages
	near       map[string]string // the nearest of them, by misspelt names
	speller    *speller          // which finds those
	skipped    []Skip
	total      int // instances so far
	texts      map[*node]parsedText
	slab       []node // room for nodes that resolve makes
}

// A parsedText is a text cut at its references, once for all instances.
type parsedText struct {
	pieces []piece
	whole  bool
	msg    string
}

func (c *checker) text(n *node) parsedText {
	got, ok := c.texts[n]
	if !ok {
		got.pieces, got.whole, got.msg = parseText(n.text)
		if c.texts == nil {
			c.texts = map[*node]parsedText{}
		}
		c.texts[n] = got
	}
	return got
}

func (c *checker) parseFile(file string, data []byte) *node {
	root := parseYAML(newSource(file), data, &c.rep)
	if root != nil && root.kind != Map {
		notSpec(root, &c.rep)
		return nil
	}
	return root
}

// notSpec reports a file that holds something else than a map.
func notSpec(root *node, rep *reporter) {
	switch root.kind {
	case broken:
	case Null:
		rep.add(root.pos(), "", "the file is empty")
	default:
		rep.add(root.pos(), "", "a spec is a map with %s; got %s%s", strings.Join(topWords[:], ", "), root.describe(), root.colonHint())
	}
}

// extend merges root over the specs it extends; nil when one cannot be read.
func (c *checker) extend(root *node) *node {
	root = c.topLevel(root)
	at := root.get("extends")
	if at == nil || at.kind == broken {
		return root
	}
	if at.kind != Scalar || at.tag == TagBool || at.refs {
		c.rep.add(at.pos(), "extends", "must be the name of a spec file, got %s", at.describe())
		return nil
	}
	file := filepath.FromSlash(at.text)
	if !filepath.IsAbs(file) {
		file = filepath.Join(filepath.Dir(at.src.name), file)
	}
	abs := absolute(file)
	for i, other := range c.extending {
		if other == abs {
			chain := append(append([]string(nil), c.extending[i:]...), abs)
			for j := range chain {
				chain[j] = filepath.Base(chain[j])
			}
			c.rep.add(at.pos(), "extends", "extends itself: %s", strings.Join(chain, " extends "))
			return nil
		}
	}
	const longest = 16
	if len(c.extending) > longest {
		c.rep.add(at.pos(), "extends", "more than %d specs extend each other", longest)
		return nil
	}
	data, err := c.options.read(file)
	if err != nil {
		what := err.Error()
		if errors.Is(err, fs.ErrNotExist) {
			what = "there is no such file" + NearSpec(at.text, file)
		}
		c.rep.put(&Error{Pos: at.pos(), Path: "extends", Msg: fmt.Sprintf("cannot read %s: %s", quote(at.text), what), Err: err})
		return nil
	}
	base := c.parseFile(file, data)
	if base == nil {
		return nil
	}
	c.extending = append(c.extending, abs)
	if base = c.extend(base); base == nil {
		return nil
	}
	return c.merge(base, root, "")
}

// merge lays over over base: maps merge, everything else replaces, null
// removes. In params null does not remove: it says that a value must be given.
func (c *checker) merge(base, over *node, path string) *node {
	out := *base
	out.src, out.line, out.col = over.src, over.line, over.col
	out.dropped = base.dropped || over.dropped
	out.keys = append(make([]key, 0, len(base.keys)+len(over.keys)), base.keys...)
	out.items = append(make([]*node, 0, len(base.keys)+len(over.keys)), base.items...)
	removed := map[int]bool{}
	at := make(map[string]int, len(base.keys))
	for i := range base.keys {
		at[base.keys[i].text] = i
	}
	for i := range over.keys {
		k, v := over.keys[i], over.items[i]
		where := join(path, k.text)
		j, known := at[k.text]
		switch {
		case v.kind == Null && path != "params":
			if !known {
				c.rep.add(v.pos(), where, "null removes what is there already, and there is no %s%s", quote(k.text), suggest(k.text, base.names()))
				continue
			}
			removed[j] = true
		case !known:
			out.keys, out.items = append(out.keys, k), append(out.items, v)
		case v.kind == Map && out.items[j].kind == Map:
			out.items[j] = c.merge(out.items[j], v, where)
			out.keys[j] = k
		default:
			out.keys[j], out.items[j] = k, v
		}
	}
	kept := 0
	out.refs = false
	for i := range out.keys {
		if removed[i] || path == "" && out.keys[i].text == "extends" {
			continue
		}
		out.keys[kept], out.items[kept] = out.keys[i], out.items[i]
		out.refs = out.refs || out.items[i].refs
		kept++
	}
	out.keys, out.items = out.keys[:kept], out.items[:kept]
	return &out
}
