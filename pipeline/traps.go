package pipeline

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// yaml.v3 names at best a line when it refuses a text, and not always the right
// one. explain reads the text again, just far enough to find the mistakes that
// people make, and says how to write what was meant.
func explain(src *source, data []byte, cause error, rep *reporter) {
	s := &scanner{text: string(data), line: 1, col: 1}
	s.scan()
	for _, t := range s.traps {
		rep.add(Pos{src.name, t.line, t.col}, "", "%s", t.msg)
	}
	if len(s.traps) > 0 {
		return
	}
	msg := strings.TrimPrefix(cause.Error(), "yaml: ")
	line := 1
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		line, _ = strconv.Atoi(m[1])
		if msg = m[2]; strings.HasPrefix(msg, "did not find expected") {
			line++ // where the parser complains, yaml.v3 counts lines from 0
		}
	}
	lines := strings.Split(string(data), "\n")
	line = min(max(line, 1), len(lines))
	text := lines[line-1]
	col := 1 + len(text) - len(strings.TrimLeft(text, " \t\r"))
	if strings.TrimSpace(text) == "" {
		col = 1
	}
	for _, k := range knownCauses {
		if strings.HasPrefix(msg, k.cause) {
			msg = k.meaning
		}
	}
	rep.add(Pos{src.name, line, col}, "", "not valid YAML: %s", msg)
}

var yamlLine = regexp.MustCompile(`^line (\d+): (.*)$`)

// knownCauses says in plain words what yaml.v3 means.
var knownCauses = []struct{ cause, meaning string }{
	{"mapping values are not allowed", "a key cannot stand here: is it indented like its neighbours?"},
	{"block sequence entries are not allowed", "a list cannot begin here: put its first - on a line of its own"},
	{"did not find expected key", "in the block that begins here some line is no key: look at its indentation, dashes and quotes"},
	{"did not find expected '-' indicator", "in the list that begins here some line does not begin with -"},
}

// A trap is a mistake in the YAML itself.
type trap struct {
	line, col int
	msg       string
}

// A bracket that is open while the scanner reads.
type bracket struct {
	c         byte
	line, col int
}

// A scanner walks YAML text by its outer rules: quotes, comments, brackets,
// blocks of text, and where a value begins.
type scanner struct {
	text      string
	at        int
	line, col int
	flow      []bracket
	indents   []int // of the blocks around the line, outermost first
	open      bool  // a quote was never closed
	traps     []trap
}

func (s *scanner) trap(line, col int, format string, args ...any) {
	const most = 50
	if len(s.traps) >= most {
		return // one mistake that makes all the rest look wrong
	}
	s.traps = append(s.traps, trap{line, col, fmt.Sprintf(format, args...)})
}

func (s *scanner) peek(k int) byte {
	if s.at+k < len(s.text) {
		return s.text[s.at+k]
	}
	return 0
}

func (s *scanner) step() {
	if s.at >= len(s.text) {
		return
	}
	if s.text[s.at] == '\n' {
		s.at++
		s.line, s.col = s.line+1, 1
		return
	}
	_, size := utf8.DecodeRuneInString(s.text[s.at:])
	s.at += size
	s.col++
}

// scan walks the whole text. starts is true where a value may begin.
func (s *scanner) scan() {
	starts, lineStart := true, true
	colons := 0 // "key: " seen in this block line
	for s.at < len(s.text) {
		c := s.text[s.at]
		switch {
		case c == '\n':
			s.step()
			lineStart, colons = true, 0
			starts = starts || len(s.flow) == 0
			continue
		case lineStart && c == '\t' && len(s.flow) == 0:
			if rest := strings.TrimLeft(s.text[s.at:], " \t\r"); rest != "" && rest[0] != '\n' && rest[0] != '#' {
				s.trap(s.line, s.col, "a tab cannot indent YAML: use spaces")
			}
			for s.peek(0) == '\t' || s.peek(0) == ' ' {
				s.step()
			}
			lineStart = false
			continue
		case c == ' ' || c == '\t' || c == '\r':
			s.step()
			continue
		case c == '#' && (s.at == 0 || strings.IndexByte(" \t\n\r", s.text[s.at-1]) >= 0):
			for s.at < len(s.text) && s.text[s.at] != '\n' {
				s.step()
			}
			continue
		}
		if lineStart {
			s.indent()
		}
		lineStart = false
		if !starts {
			// Inside plain text: read on to where it ends.
			if s.inPlain(&colons) {
				starts = true
			}
			continue
		}
		starts = s.value(c, &colons)
	}
	if len(s.flow) > 0 && !s.open { // else all is open because of the quote
		b := s.flow[0]
		s.trap(b.line, b.col, "this %c is never closed", b.c)
	}
}

// value reads what begins here and says whether a value may begin after it.
func (s *scanner) value(c byte, colons *int) bool {
	next := s.peek(1)
	blank := next == 0 || next == ' ' || next == '\t' || next == '\n' || next == '\r'
	switch {
	case c == '"' || c == '\'':
		s.quoted(c)
		return false
	case c == '[' || c == '{':
		s.flow = append(s.flow, bracket{c, s.line, s.col})
		s.step()
		return true
	case c == ']' || c == '}':
		s.close(c)
		return false
	case c == ',' && len(s.flow) > 0:
		s.step()
		return true
	case (c == '-' || c == '?') && blank:
		s.step()
		for s.peek(0) == ' ' {
			s.step()
		}
		if next := s.peek(0); next != 0 && strings.IndexByte("\r\n#", next) < 0 {
			s.indent()
		}
		return true
	case c == ':' && blank:
		s.step()
		return true
	case (c == '|' || c == '>') && len(s.flow) == 0:
		s.block()
		return true
	case c == '>' || c == '|':
		text := s.plain()
		end := strings.TrimLeft(text, ">= ")
		form := map[string]string{">": "{not: .." + end + "}", ">=": end + ".."}[strings.TrimSpace(strings.TrimSuffix(text, end))]
		if form == "" || end == "" {
			form = "needs quotes: " + strconv.Quote(text)
		} else {
			form = "is written " + form + "; quote it if it is meant as text"
		}
		s.trap(s.line, s.col, "%q %s", text, form)
		s.step()
	case c == '*':
		word := s.word()
		if alias.MatchString(word) {
			s.trap(s.line, s.col, "%s is an alias, which the language does not have: use a parameter, or quote the text (%q)", word, word)
		} else {
			s.trap(s.line, s.col, "text that begins with * needs quotes: %q", word)
		}
	case c == '!' && len(s.flow) > 0:
		word := s.word()
		s.trap(s.line, s.col, "YAML reads %s as a tag, not as text: write {not: %s} for negation, or quote it (%q)", word, strings.TrimLeft(word, "!="), word)
	case c == '@' || c == '`' || c == '%' && s.col > 1:
		s.trap(s.line, s.col, "text that begins with %c needs quotes: %q", c, s.word())
		s.step()
	}
	return s.inPlain(colons)
}

// plain is the text from here to the end of what may be plain text.
func (s *scanner) plain() string {
	rest := s.text[s.at:]
	if i := strings.IndexAny(rest, ",]}#\r\n"); i >= 0 {
		rest = rest[:i]
	}
	return strings.TrimSpace(rest[:min(len(rest), 60)])
}

var alias = regexp.MustCompile(`^\*[A-Za-z0-9_-]+$`)

// word is the text from here to the next blank or bracket.
func (s *scanner) word() string {
	rest := s.text[s.at:]
	stop := " \t\r\n"
	if len(s.flow) > 0 {
		stop += ",]}"
	}
	if i := strings.IndexAny(rest, stop); i >= 0 {
		rest = rest[:i]
	}
	if len(rest) > 60 {
		rest = rest[:60]
	}
	return rest
}

// inPlain reads plain text up to a delimiter and says whether a value may begin
// after it.
func (s *scanner) inPlain(colons *int) bool {
	for s.at < len(s.text) {
		c := s.text[s.at]
		next := s.peek(1)
		blank := next == 0 || next == ' ' || next == '\t' || next == '\n' || next == '\r'
		switch {
		case c == '\n':
			return false
		case c == '#' && s.at > 0 && strings.IndexByte(" \t", s.text[s.at-1]) >= 0:
			return false
		case c == ':' && (blank || len(s.flow) > 0 && strings.IndexByte(",[]{}", next) >= 0):
			if len(s.flow) == 0 {
				if *colons++; *colons > 1 {
					s.trap(s.line, s.col, "a second \": \" in one line: text that holds \": \" needs quotes")
				}
			}
			s.step()
			return true
		case len(s.flow) > 0 && c == ',':
			s.step()
			return true
		case len(s.flow) > 0 && (c == ']' || c == '}'):
			s.close(c)
			return false
		case len(s.flow) > 0 && c == '{' && s.at > 0 && s.text[s.at-1] == '$':
			s.reference()
		case len(s.flow) > 0 && c == '?' && s.at > 0 && strings.IndexByte(" \t\n[{,", s.text[s.at-1]) < 0:
			s.trap(s.line, s.col, "? inside plain text: inside braces and brackets such text needs quotes")
			s.step()
		case len(s.flow) > 0 && (c == '[' || c == '{'):
			s.trap(s.line, s.col, "%c inside plain text: inside braces and brackets such text needs quotes", c)
			s.flow = append(s.flow, bracket{c, s.line, s.col})
			s.step()
			return true
		default:
			s.step()
		}
	}
	return false
}

// reference reports an unquoted ${...} between brackets, and reads past it.
func (s *scanner) reference() {
	line, col := s.line, s.col-1
	rest := s.text[s.at:]
	end := strings.IndexAny(rest, "}\n")
	if end < 0 || rest[end] == '\n' {
		s.trap(line, col, "this ${ is never closed")
		s.step()
		return
	}
	name := rest[1:end]
	for range utf8.RuneCountInString(rest[:end+1]) {
		s.step()
	}
	s.trap(line, col, "inside braces and brackets ${%s} needs quotes: \"${%s}\"; a whole value is written $%s, without braces", name, name, name)
}

// quoted reads a quoted text.
func (s *scanner) quoted(q byte) {
	line, col := s.line, s.col
	s.step()
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '\\' && q == '"':
			if esc := s.peek(1); strings.IndexByte("0abt\tnvfre \"/\\N_LPxuU\n\r", esc) < 0 || esc == 0 {
				s.trap(s.line, s.col, "unknown escape \\%c in double quotes: write it in single quotes, or double the backslash", esc)
			}
			s.step()
			s.step()
			continue
		case c == q && q == '\'' && s.peek(1) == '\'':
			s.step()
		case c == q:
			s.step()
			s.afterQuote(line, col)
			return
		}
		s.step()
	}
	s.open = true
	s.trap(line, col, "this quote is never closed")
}

// afterQuote reports text glued to the end of a quoted one.
func (s *scanner) afterQuote(line, col int) {
	stop := ":,]}# \t\r\n"
	if c := s.peek(0); c != 0 && strings.IndexByte(stop, c) < 0 {
		s.trap(line, col, "text goes on after the closing quote: put all of it between the quotes")
		for s.at < len(s.text) && strings.IndexByte(stop, s.text[s.at]) < 0 {
			s.step()
		}
	}
}

// close ends a bracket.
func (s *scanner) close(c byte) {
	line, col := s.line, s.col
	s.step()
	if len(s.flow) == 0 {
		s.trap(line, col, "this %c closes nothing", c)
		return
	}
	top := s.flow[len(s.flow)-1]
	s.flow = s.flow[:len(s.flow)-1]
	if top.c == '[' && c != ']' || top.c == '{' && c != '}' {
		s.trap(line, col, "this %c stands where the %c of %d:%d is still open", c, top.c, top.line, top.col)
		s.flow = nil
		return
	}
	if len(s.flow) > 0 {
		return
	}
	for s.peek(0) == ' ' || s.peek(0) == '\t' {
		s.step()
	}
	switch next := s.peek(0); {
	case next == 0 || strings.IndexByte("\r\n#:", next) >= 0:
	case next == ']' || next == '}':
		s.trap(s.line, s.col, "this %c closes nothing", next)
		s.step()
	default:
		s.trap(s.line, s.col, "text goes on after the closing %c", c)
	}
}

// indent reports a line whose indentation fits none of the blocks it may
// belong to.
func (s *scanner) indent() {
	if len(s.flow) > 0 {
		return
	}
	at, popped := s.col-1, false
	for len(s.indents) > 0 && s.indents[len(s.indents)-1] > at {
		s.indents, popped = s.indents[:len(s.indents)-1], true
	}
	if len(s.indents) == 0 || s.indents[len(s.indents)-1] < at {
		if popped {
			s.trap(s.line, s.col, "this line is indented by %d spaces, which fits no line above it", at)
		}
		s.indents = append(s.indents, at)
	}
}

// block reads a block of text (| or >): the lines indented more than the one it
// begins in.
func (s *scanner) block() {
	begin := strings.LastIndexByte(s.text[:s.at], '\n') + 1
	indent := 0
	for begin+indent < len(s.text) && s.text[begin+indent] == ' ' {
		indent++
	}
	for s.at < len(s.text) && s.text[s.at] != '\n' {
		s.step()
	}
	for s.at < len(s.text) {
		rest := s.text[s.at+1:]
		blanks := len(rest) - len(strings.TrimLeft(rest, " "))
		if rest == "" || blanks <= indent && blanks < len(rest) && strings.IndexByte("\r\n", rest[blanks]) < 0 {
			return
		}
		s.step()
		for s.at < len(s.text) && s.text[s.at] != '\n' {
			s.step()
		}
	}
}
