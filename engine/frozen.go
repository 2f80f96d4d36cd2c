package engine

import (
	"slices"

	"shiftmill/runs"
	"shiftmill/stages"
)

// A frozen source ("frozen: true") is taken as it was when it was last listed
// and hashed on this host: no file of it is listed or looked at until the user
// asks for it (Options.Rescan), which saves minutes on network file systems.
// What is read of it still has to have the digest that is remembered.

// frozen says whether the spec freezes a source.
func (n *node) frozen() bool {
	return n != nil && n.kind.Source != nil && n.kind.Source.Frozen != nil && n.kind.Source.Frozen(n.spec.Config)
}

// trusts says whether a source is taken as it was.
func (e *Engine) trusts(n *node) bool {
	return n.frozen() && !slices.Contains(e.o.Rescan, n.spec.Stage) && !slices.Contains(e.o.Rescan, n.spec.Name)
}

// checkRescan refuses names that are no frozen sources.
func (e *Engine) checkRescan() error {
	for _, name := range e.o.Rescan {
		some, err := e.Select(name)
		if err != nil {
			return err
		}
		for _, instance := range some {
			if n, _ := e.named(instance); !n.frozen() {
				return refuse("--rescan %s: it is no frozen source (a source whose spec says \"frozen: true\"); others are looked at in every run", name)
			}
		}
	}
	return nil
}

// inventoryKey is where what a source held is remembered: by its parameters,
// places included, and host, as stats are.
func (e *Engine) inventoryKey(n *node, what string) runs.Digest {
	lines := []runs.Digest{digestText(what), digestText(e.stats.host), digestText(n.kind.Name)}
	for _, f := range n.spec.Fields {
		lines = append(lines, digestText(f.Path), digestText(f.Location), digestText(f.Value))
	}
	return derive("inventory/1", lines...)
}

// remembered returns what a frozen source held the last time, or finds it out
// and, for the next time, keeps it.
func (e *Engine) remembered(n *node, what string, find func() (runs.Digest, error)) (runs.Digest, error) {
	if !n.frozen() {
		return find()
	}
	key := e.inventoryKey(n, what)
	if e.trusts(n) {
		if d, ok := e.lookupDigest(key); ok {
			return d, nil
		}
	}
	d, err := find()
	if err != nil {
		return d, err
	}
	return d, e.appendDigest(key, d)
}

// digestOf is the digest of a picture of a source.
func (e *Engine) digestOf(maker *node, r stages.FileRange) (runs.Digest, error) {
	if e.trusts(maker) {
		if d, ok := e.stats.trusted(r); ok {
			return d, nil
		}
	}
	return e.stats.digestRange(r)
}
