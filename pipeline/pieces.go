package pipeline

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"sync"

	"gopkg.in/yaml.v3"
)

// pieceSize is the text that is worth a goroutine: yaml.v3 reads about 4 MB a
// second, so this is some 10 ms of work.
const pieceSize = 48 << 10

// parsePieces reads a large spec whose last word is a block of stages, several
// stages at a time, and returns nil whenever anything about it is unusual: the
// caller then reads it whole and says what is wrong.
//
// A line that is indented exactly like the first stage begins an entry of the
// same block unless it stands inside a quoted text or a bracket; then the piece
// before it does not end where it should, which is an error. A block of text
// is indented deeper. So pieces that all parse are what the whole would be.
func parsePieces(src *source, data []byte) *node {
	head, body := cutStages(data)
	pieces := cutBody(body)
	if len(pieces) < 2 {
		return nil
	}
	root := parsePiece(src, head, 0, nil)
	if root == nil {
		root = &node{kind: Map, src: src, line: 1, col: 1}
		if len(bytes.TrimSpace(stripComments(head))) > 0 {
			return nil
		}
	}
	parsed := make([]*node, len(pieces))
	line := bytes.Count(data[:len(data)-len(body)], []byte("\n"))
	lines := make([]int, len(pieces))
	for i, p := range pieces {
		lines[i] = line
		line += bytes.Count(p, []byte("\n"))
	}
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(pieces)) {
		wg.Go(func() {
			for i := range next {
				parsed[i] = parsePiece(src, pieces[i], lines[i], nil)
			}
		})
	}
	for i := range pieces {
		next <- i
	}
	close(next)
	wg.Wait()
	return joinPieces(src, root, parsed, int32(lines[0]))
}

// joinPieces makes one spec of its parts, nil when a part failed or a name
// stands twice.
func joinPieces(src *source, root *node, parsed []*node, stagesLine int32) *node {
	total := 0
	for _, p := range parsed {
		if p == nil || p.kind != Map || p.dropped || root.kind != Map {
			return nil
		}
		total += len(p.keys)
	}
	all := &node{kind: Map, src: src, line: parsed[0].line, col: parsed[0].col, keys: make([]key, 0, total), items: make([]*node, 0, total)}
	seen := make(map[string]bool, total)
	for _, p := range parsed {
		for i := range p.keys {
			if seen[p.keys[i].text] {
				return nil
			}
			seen[p.keys[i].text] = true
		}
		all.keys, all.items = append(all.keys, p.keys...), append(all.items, p.items...)
		all.refs = all.refs || p.refs
	}
	if root.index("stages") >= 0 {
		return nil
	}
	root.keys = append(root.keys, key{text: "stages", line: stagesLine, col: 1, src: src})
	root.items = append(root.items, all)
	root.refs = root.refs || all.refs
	return root
}

// cutStages cuts a text behind the line "stages:" when nothing but its block
// follows; body is nil when the text is not like that.
func cutStages(data []byte) (head, body []byte) {
	at := 0
	if !bytes.HasPrefix(data, []byte("stages:")) {
		if at = bytes.Index(data, []byte("\nstages:")) + 1; at == 0 {
			return nil, nil
		}
	}
	line, rest, ok := bytes.Cut(data[at:], []byte("\n"))
	if !ok || len(bytes.TrimSpace(line)) != len("stages:") {
		return nil, nil
	}
	for text := rest; len(text) > 0; {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		if len(line) > 0 && line[0] != ' ' && line[0] != '#' && line[0] != '\r' {
			return nil, nil
		}
	}
	return data[:at], rest
}

// cutBody cuts the block of stages between stages.
func cutBody(body []byte) [][]byte {
	if len(body) < 2*pieceSize {
		return nil
	}
	indent := -1
	var out [][]byte
	begin := 0
	for at := 0; at < len(body); {
		end := bytes.IndexByte(body[at:], '\n')
		if end < 0 {
			end = len(body) - at - 1
		}
		line := body[at : at+end+1]
		blanks := len(line) - len(bytes.TrimLeft(line, " "))
		if first := bytes.TrimLeft(line, " \t\r\n"); len(first) > 0 && first[0] != '#' {
			switch {
			case indent < 0 && first[0] == '-':
				return nil
			case indent < 0:
				indent = blanks
			case blanks == indent && at-begin >= pieceSize && first[0] != '-':
				out = append(out, body[begin:at])
				begin = at
			}
		}
		at += end + 1
	}
	return append(out, body[begin:])
}

// parsePiece reads a part that begins below a line, with lists that are blank in it; nil
// when it is not clean.
func parsePiece(src *source, data []byte, line int, lists wordLists) *node {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	if dec.Decode(&doc) != nil || len(doc.Content) == 0 {
		return nil
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		return nil
	}
	var rep reporter
	c := converter{src: src, rep: &rep, data: data, line: line, lists: lists}
	if bytes.IndexByte(data, '!') >= 0 {
		c.text = newLayout(string(data))
	}
	n := c.convert(doc.Content[0], 0)
	if rep.failed() {
		return nil
	}
	return n
}

// stripComments leaves out the lines that are comments.
func stripComments(text []byte) []byte {
	var out []byte
	for _, line := range bytes.Split(text, []byte("\n")) {
		if t := bytes.TrimSpace(line); len(t) > 0 && t[0] != '#' {
			out = append(out, line...)
		}
	}
	return out
}
