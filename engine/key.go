package engine

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"shiftmill/pipeline"
	"shiftmill/runs"
)

// format names the data format of the store; it is the first line of every key.
const format = "shiftmill/1"

// A Line is one labelled line of a key. The digest of a key is taken over its
// lines, so that a changed key can be explained by the line that changed.
type Line struct {
	Label string       `json:"l"`
	Value string       `json:"v"`
	Pos   pipeline.Pos `json:"-"` // where the value stands in the spec, if it does
}

func (l Line) String() string { return l.Label + ": " + l.Value }

// A Key is the digest of its lines.
type Key struct {
	Lines  []Line
	Digest runs.Digest
}

func newKey(lines []Line) Key {
	h := sha256.New()
	var buf []byte
	for _, l := range lines {
		buf = appendBytes(buf[:0], tagText, []byte(l.Label))
		buf = appendBytes(buf, tagText, []byte(l.Value))
		h.Write(buf)
	}
	return Key{Lines: lines, Digest: runs.Digest(h.Sum(nil))}
}

// derive makes the key of something that belongs to another key, such as a
// partition or a memo.
func derive(purpose string, parts ...runs.Digest) runs.Digest {
	b := appendBytes(nil, tagText, []byte(format))
	b = appendBytes(b, tagText, []byte(purpose))
	for _, p := range parts {
		b = append(b, p[:]...)
	}
	return sha256.Sum256(b)
}

// operation lists the lines that say what a node does, whatever its input:
// kind, version, shared code, parameters (files by content), seed.
func (e *Engine) operation(n *node, digest func(path string) (runs.Digest, error)) ([]Line, error) {
	lines := []Line{
		{Label: "format", Value: format},
		{Label: "kind", Value: fmt.Sprintf("%s version %d", n.kind.Name, n.kind.Version), Pos: n.spec.Pos},
	}
	for _, u := range n.kind.Uses {
		lines = append(lines, Line{Label: "uses", Value: u})
	}
	for _, f := range n.spec.Fields {
		value := f.Value
		switch f.Location {
		case "dir": // what the kind lists of it stands for it
			continue
		case "file":
			d, err := digest(f.Value)
			if err != nil {
				return nil, &pipeline.Error{Pos: f.Pos, Path: n.spec.Path + ".with." + f.Path, Msg: fileMessage(err), Err: err}
			}
			value = "sha256:" + d.String()
		case "tree":
			d, err := treeDigest(f.Value, digest)
			if err != nil {
				return nil, &pipeline.Error{Pos: f.Pos, Path: n.spec.Path + ".with." + f.Path, Msg: fileMessage(err), Err: err}
			}
			value = "sha256:" + d.String()
		}
		lines = append(lines, Line{Label: "with." + f.Path, Value: value, Pos: f.Pos})
	}
	if n.kind.Random() {
		lines = append(lines, Line{Label: "seed", Value: fmt.Sprint(n.spec.Seed), Pos: n.spec.SeedPos})
	}
	if strings.HasPrefix(n.spec.Encode, "jpeg") {
		lines = append(lines, Line{Label: "encode", Value: strings.TrimSpace(n.spec.Encode + " " + e.o.Encoder.Version)})
	}
	return lines, nil
}

// short is a digest for people.
func short(d runs.Digest) string { return d.String()[:12] }
