package pipeline

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// A specWriter writes a document in the canonical form.
type specWriter struct {
	*layout
	b      bytes.Buffer
	next   int // the first comment that is not written yet
	blocks []writtenBlock
	behind []trailingComment
}

// A trailingComment stands behind something else in its line.
type trailingComment struct {
	off       int // in the output, of the blank before it
	line, col int // in the original
}

// A writtenBlock is a block of entries around the last one written: a comment
// on lines of its own belongs to the block whose column it keeps.
type writtenBlock struct {
	from   int // column of its entries in the original, from 0
	indent int // in the output
}

const widest = 120

func (w *specWriter) document(root *yaml.Node) {
	if isBlock(root) {
		w.block(root, 0, "")
		return
	}
	w.before(w.offset(root), 0, 0, 0)
	w.inline(root, 0, "")
	w.endLine(w.ends[root])
}

// isBlock says whether a node is written as lines of entries.
func isBlock(y *yaml.Node) bool {
	return (y.Kind == yaml.MappingNode || y.Kind == yaml.SequenceNode) && y.Style&yaml.FlowStyle == 0 && len(y.Content) > 0
}

// block writes the entries of a map or list. prefix is what already stands in
// the line of the first entry: the dashes of the lists around it.
func (w *specWriter) block(y *yaml.Node, indent int, prefix string) {
	depth := len(w.blocks)
	if y.Kind == yaml.SequenceNode {
		for _, item := range y.Content {
			w.item(item, y, indent, prefix, depth)
			prefix = ""
		}
		return
	}
	widths := w.columns(y, indent+len(strings.TrimLeft(prefix, " ")))
	for i := 0; i+1 < len(y.Content); i += 2 {
		w.entry(y.Content[i], y.Content[i+1], indent, widths[i/2], prefix, depth)
		prefix = ""
	}
}

// columns returns how wide the key of each entry is to be made: values that
// stand in one column on lines that follow each other keep to one column.
func (w *specWriter) columns(y *yaml.Node, taken int) []int {
	n := len(y.Content) / 2
	widths := make([]int, n)
	single := func(i int) bool {
		k, v := y.Content[2*i], y.Content[2*i+1]
		return !isBlock(v) && !empty(v) && v.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 && v.Line == k.Line && w.line(w.ends[v]-1) == k.Line-1
	}
	for i := 0; i < n; {
		end, widest := i+1, utf8.RuneCountInString(w.source(y.Content[2*i]))
		for end < n && single(i) && single(end) && y.Content[2*end].Line == y.Content[2*end-2].Line+1 && y.Content[2*end+1].Column == y.Content[2*end-1].Column {
			widest = max(widest, utf8.RuneCountInString(w.source(y.Content[2*end])))
			end++
		}
		if end > i+1 && w.fit(y.Content[2*i:2*end], taken+widest+2) {
			for ; i < end; i++ {
				widths[i] = widest
			}
		}
		i = end
	}
	return widths
}

// fit says whether values in one line each end before the widest column.
func (w *specWriter) fit(entries []*yaml.Node, taken int) bool {
	for i := 1; i < len(entries); i += 2 {
		if taken+utf8.RuneCountInString(w.flow(entries[i])) > widest {
			return false
		}
	}
	return true
}

// item writes an item of a list in lines of dashes.
func (w *specWriter) item(item, list *yaml.Node, indent int, prefix string, depth int) {
	col := list.Column - 1
	if prefix == "" {
		w.before(w.first(item), col, indent, depth)
		prefix = strings.Repeat(" ", indent)
	}
	w.enter(depth, writtenBlock{col, indent})
	prefix += "- "
	if isBlock(item) {
		w.block(item, indent+2, prefix)
		return
	}
	w.b.WriteString(prefix)
	w.inline(item, indent, prefix)
	w.endLine(w.ends[item])
}

// first is the offset of the text that stands first in an item's line.
func (w *specWriter) first(y *yaml.Node) int {
	for isBlock(y) {
		y = y.Content[0]
	}
	if empty(y) {
		return w.ends[y]
	}
	return w.offset(y)
}

// entry writes a key with its value.
func (w *specWriter) entry(k, v *yaml.Node, indent, width int, prefix string, depth int) {
	col := k.Column - 1
	until := w.offset(k)
	if !isBlock(v) && !empty(v) {
		// A comment between key and value comes before both.
		until = w.offset(v)
	}
	if prefix == "" {
		w.before(until, col, indent, depth)
		prefix = strings.Repeat(" ", indent)
	}
	w.enter(depth, writtenBlock{col, indent})
	w.b.WriteString(prefix)
	prefix += w.source(k) + ":"
	w.b.WriteString(w.source(k) + ":")
	switch {
	case isBlock(v):
		w.endLine(w.ends[k])
		w.block(v, indent+2, "")
		return
	case empty(v):
		w.endLine(w.ends[k])
		return
	}
	pad := strings.Repeat(" ", 1+max(0, width-utf8.RuneCountInString(w.source(k))))
	w.b.WriteString(pad)
	w.inline(v, indent, prefix+pad)
	w.endLine(w.ends[v])
}

// enter notes that the block at a depth is now the innermost.
func (w *specWriter) enter(depth int, b writtenBlock) {
	w.blocks = append(w.blocks[:depth], b)
}

// before writes the comments that stand before an offset, on lines of their
// own, and a blank line where the original has some. col is the column of the
// entry that follows in the original.
func (w *specWriter) before(off, col, indent, depth int) {
	for w.next < len(w.comments) && w.comments[w.next].off < off {
		c := w.comments[w.next]
		w.next++
		w.blank(c.line)
		at := indent
		if c.col > col {
			at = w.indentOf(c.col, indent)
		}
		w.b.WriteString(strings.Repeat(" ", at) + c.text + "\n")
	}
	w.blank(w.line(min(off, max(0, len(w.text)-1))))
}

// indentOf is the indentation of the innermost block that a column belongs to.
func (w *specWriter) indentOf(col, otherwise int) int {
	for i := len(w.blocks) - 1; i >= 0; i-- {
		if w.blocks[i].from <= col {
			return max(w.blocks[i].indent, otherwise)
		}
	}
	return otherwise
}

// rest writes the comments behind the last entry.
func (w *specWriter) rest() {
	for ; w.next < len(w.comments); w.next++ {
		c := w.comments[w.next]
		w.blank(c.line)
		w.b.WriteString(strings.Repeat(" ", w.indentOf(c.col, 0)) + c.text + "\n")
	}
}

// blank writes a blank line when one stands above a line of the original.
func (w *specWriter) blank(line int) {
	if line == 0 || w.b.Len() == 0 || bytes.HasSuffix(w.b.Bytes(), []byte("\n\n")) {
		return
	}
	if strings.Trim(w.text[w.lines[line-1]:w.lines[line]], " \t\r\n") == "" {
		w.b.WriteByte('\n')
	}
}

// endLine ends a line, with the comment that stands behind it in the original.
func (w *specWriter) endLine(end int) {
	if w.next < len(w.comments) {
		if c := w.comments[w.next]; !c.own && c.line == w.line(max(0, end-1)) {
			w.trailing(c)
			w.next++
		}
	}
	w.b.WriteByte('\n')
}

// trailing writes a comment behind what stands in its line already.
func (w *specWriter) trailing(c comment) {
	w.behind = append(w.behind, trailingComment{w.b.Len(), c.line, c.col})
	w.b.WriteString(" " + c.text)
}

// aligned is the text with trailing comments in one column where they stood in
// one column before, on lines that follow each other.
func (w *specWriter) aligned() string {
	text := w.b.String()
	var b strings.Builder
	at := 0
	for i := 0; i < len(w.behind); {
		end := i + 1
		for end < len(w.behind) && w.behind[end].col == w.behind[end-1].col && w.behind[end].line == w.behind[end-1].line+1 &&
			strings.Count(text[w.behind[end-1].off:w.behind[end].off], "\n") == 1 {
			end++
		}
		widths, most := make([]int, end-i), 0
		for j := i; j < end; j++ {
			off := w.behind[j].off
			widths[j-i] = utf8.RuneCountInString(text[strings.LastIndexByte(text[:off], '\n')+1 : off])
			most = max(most, widths[j-i])
		}
		for j := i; j < end; j++ {
			b.WriteString(text[at:w.behind[j].off])
			b.WriteString(strings.Repeat(" ", most-widths[j-i]))
			at = w.behind[j].off
		}
		i = end
	}
	b.WriteString(text[at:])
	return b.String()
}

// source is a scalar as it was written, plain text of several lines joined.
func (w *specWriter) source(y *yaml.Node) string {
	if y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0 {
		return y.Value
	}
	return w.text[w.offset(y):w.ends[y]]
}

// inline writes a value that begins in the line of its key. taken is the text
// in front of it.
func (w *specWriter) inline(y *yaml.Node, indent int, taken string) {
	switch {
	case y.Kind == yaml.ScalarNode && y.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		w.textBlock(y, indent)
	case y.Kind == yaml.ScalarNode:
		w.b.WriteString(w.scalar(y, indent))
	case w.commented(y):
		f := flowLines{w: w, indent: indent + 2, line: y.Line - 1}
		f.value(y)
	default:
		one := w.flow(y)
		if utf8.RuneCountInString(taken)+utf8.RuneCountInString(one) > widest {
			one = w.broken(y, indent+2, utf8.RuneCountInString(taken))
		}
		w.b.WriteString(one)
	}
}

// scalar is a quoted or plain value; the further lines of quoted text, whose
// indentation means nothing, are indented under the first.
func (w *specWriter) scalar(y *yaml.Node, indent int) string {
	s := w.source(y)
	if !strings.Contains(s, "\n") {
		return s
	}
	if y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0 {
		// Folded plain text that keeps line breaks: as the blank lines it came from.
		var b strings.Builder
		for i, line := range strings.Split(s, "\n") {
			switch {
			case i == 0:
			case line == "":
				b.WriteByte('\n')
			default:
				b.WriteString("\n\n" + strings.Repeat(" ", indent+2))
			}
			b.WriteString(line)
		}
		return b.String()
	}
	lines := strings.Split(s, "\n")
	for i := range lines {
		if i < len(lines)-1 && !strings.HasSuffix(lines[i], "\\") {
			lines[i] = strings.TrimRight(lines[i], " \t")
		}
		if lines[i] = strings.TrimLeft(lines[i], " \t"); i > 0 && lines[i] != "" {
			lines[i] = strings.Repeat(" ", indent+2) + lines[i]
		}
	}
	return strings.Join(lines, "\n")
}

// textBlock writes a block of text, its lines indented under the key.
func (w *specWriter) textBlock(y *yaml.Node, indent int) {
	start, end := w.offset(y), w.ends[y]
	lines := strings.Split(w.text[start:end], "\n")
	header, _, _ := strings.Cut(lines[0], " ")
	header, _, _ = strings.Cut(header, "\t")
	if strings.TrimRight(y.Value, "\n") == y.Value && y.Value != "" {
		// Only a file that does not end its last line has such a block without -.
		header = strings.TrimRight(header, "+-") + "-"
	}
	w.b.WriteString(strings.Map(func(r rune) rune {
		if r >= '1' && r <= '9' {
			return '2'
		}
		return r
	}, header))
	if w.next < len(w.comments) && w.comments[w.next].line == y.Line-1 {
		w.trailing(w.comments[w.next])
		w.next++
	}
	cut := w.bodyIndent(header, lines[1:])
	for _, line := range lines[1:] {
		w.b.WriteByte('\n')
		body := line[min(cut, len(line)-len(strings.TrimLeft(line, " "))):]
		if strings.Trim(line, " ") == "" {
			body = line[min(cut, len(line)):]
		}
		if body != "" {
			w.b.WriteString(strings.Repeat(" ", indent+2) + body)
		}
	}
	// A block that keeps its last line breaks owns the blank lines behind it.
	if strings.Contains(header, "+") {
		w.b.WriteString(strings.Repeat("\n", max(0, len(y.Value)-len(strings.TrimRight(y.Value, "\n"))-1)))
	}
}

// bodyIndent is how far the lines of a block of text were indented: as the
// header says, counted from the block around it, else as far as the first line.
func (w *specWriter) bodyIndent(header string, lines []string) int {
	if at := strings.IndexAny(header, "123456789"); at >= 0 {
		return w.blocks[len(w.blocks)-1].from + int(header[at]-'0')
	}
	for _, line := range lines {
		if body := strings.TrimLeft(line, " "); body != "" {
			return len(line) - len(body)
		}
	}
	return 0
}
