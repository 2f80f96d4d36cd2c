package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"

	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/stages"
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

// A Key is the digest of its lines, which are there where they were asked for.
type Key struct {
	Lines  []Line
	Digest runs.Digest
}

// A keyWriter takes the lines of a key as bytes, which is all that a key that
// the store knows needs; with keep it also makes Lines of them.
type keyWriter struct {
	buf   []byte
	keep  bool
	lines []Line
	label int // where the open line's label stands in buf
	value int // where its value stands
}

// begin opens a line; its label is what is appended to buf before sep.
func (k *keyWriter) begin() {
	k.buf = append(k.buf, tagText, 0, 0, 0, 0, 0, 0, 0, 0)
	k.label = len(k.buf)
}

// sep ends the label; the value is what is appended before end.
func (k *keyWriter) sep() {
	binary.BigEndian.PutUint64(k.buf[k.label-8:], uint64(len(k.buf)-k.label))
	k.buf = append(k.buf, tagText, 0, 0, 0, 0, 0, 0, 0, 0)
	k.value = len(k.buf)
}

func (k *keyWriter) end(pos pipeline.Pos) {
	binary.BigEndian.PutUint64(k.buf[k.value-8:], uint64(len(k.buf)-k.value))
	if k.keep {
		k.lines = append(k.lines, Line{string(k.buf[k.label : k.value-9]), string(k.buf[k.value:]), pos})
	}
}

func (k *keyWriter) text(s string)        { k.buf = append(k.buf, s...) }
func (k *keyWriter) digest(d runs.Digest) { k.buf = d.Append(k.buf) }

// line adds a whole line.
func (k *keyWriter) line(label, value string, pos pipeline.Pos) {
	k.begin()
	k.text(label)
	k.sep()
	k.text(value)
	k.end(pos)
}

// sum is the digest of the lines so far.
func (k *keyWriter) sum() runs.Digest { return sha256.Sum256(k.buf) }

// derive makes the key of something that belongs to another key, such as a
// partition or a memo.
func derive(purpose string, parts ...runs.Digest) runs.Digest {
	var buf [512]byte
	b := append(append(buf[:0], tagText, 0, 0, 0, 0, 0, 0, 0, byte(len(format))), format...)
	b = append(append(b, tagText, 0, 0, 0, 0, 0, 0, 0, byte(len(purpose))), purpose...)
	for i := range parts {
		b = append(b, parts[i][:]...)
	}
	return sha256.Sum256(b)
}

// operation writes the lines that say what a node does, whatever its input:
// kind, version, shared code, parameters (files by content), seed.
func (e *Engine) operation(n *node, k *keyWriter, digest func(path string) (runs.Digest, error)) error {
	k.line("format", format, pipeline.Pos{})
	k.begin()
	k.text("kind")
	k.sep()
	k.text(n.kind.Name)
	k.text(" version ")
	k.buf = strconv.AppendInt(k.buf, int64(n.kind.Version), 10)
	k.end(n.spec.Pos)
	for _, u := range n.kind.Uses {
		k.line("uses", u, pipeline.Pos{})
	}
	for _, f := range n.spec.Fields {
		if f.Path == stages.FrozenField && n.kind.Source != nil && n.kind.Source.Frozen != nil {
			continue // says how files are looked at, not what they hold
		}
		value := f.Value
		var d runs.Digest
		var err error
		switch f.Location {
		case "dir": // what the kind lists of it stands for it
			continue
		case "file":
			d, err = digest(f.Value)
		case "tree":
			d, err = treeDigest(f.Value, digest)
		}
		if err != nil {
			return &pipeline.Error{Pos: f.Pos, Path: n.spec.Path + ".with." + f.Path, Msg: fileMessage(err), Err: err}
		}
		if f.Location != "" {
			value = "sha256:" + d.String()
		}
		k.begin()
		k.text("with.")
		k.text(f.Path)
		k.sep()
		k.text(value)
		k.end(f.Pos)
	}
	if n.kind.Random() {
		k.line("seed", strconv.FormatUint(n.spec.Seed, 10), n.spec.SeedPos)
	}
	if strings.HasPrefix(n.spec.Encode, "jpeg") {
		k.line("encode", strings.TrimSpace(n.spec.Encode+" "+e.o.Encoder.Version), pipeline.Pos{})
	}
	return nil
}

// short is a digest for people.
func short(d runs.Digest) string { return d.String()[:12] }
