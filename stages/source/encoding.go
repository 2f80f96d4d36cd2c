package source

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// encodings are those that a text table may have beside UTF-8, which a table
// is unless its parameters say otherwise: nothing in it tells the others apart.
var encodings = map[string]encoding.Encoding{
	"latin-1":      charmap.ISO8859_1,
	"latin-9":      charmap.ISO8859_15,
	"windows-1252": charmap.Windows1252,
	"utf-16":       unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
}

// inUTF8 reads a text as UTF-8, without the byte order mark.
func inUTF8(r io.Reader, name string) (*bufio.Reader, error) {
	buf := bufio.NewReaderSize(r, 1<<20)
	start, _ := buf.Peek(3)
	marked := bytes.HasPrefix(start, []byte("\xff\xfe")) || bytes.HasPrefix(start, []byte("\xfe\xff"))
	switch {
	case bytes.HasPrefix(start, []byte("\xef\xbb\xbf")):
		if name != "" && name != "utf-8" {
			return nil, fmt.Errorf("it says that it is UTF-8, not %s: leave encoding out", name)
		}
		buf.Discard(3)
	case marked && name != "utf-16":
		return nil, fmt.Errorf("it is UTF-16: set encoding: utf-16")
	case name == "utf-16" && !marked && (len(start) < 2 || start[0] != 0 && start[1] != 0):
		return nil, fmt.Errorf("it is not UTF-16: leave encoding out, or name the right one")
	}
	if e, ok := encodings[name]; ok {
		if name == "utf-16" && !marked && start[0] == 0 {
			e = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
		}
		return bufio.NewReaderSize(&encodedAs{r: e.NewDecoder().Reader(buf), name: name}, 1<<16), nil
	}
	return buf, nil
}

// encodedAs refuses what an encoding has no character for.
type encodedAs struct {
	r    io.Reader
	name string
	tail []byte // the last two bytes, since a character may lie across
}

func (e *encodedAs) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	seen := append(e.tail, p[:n]...)
	if bytes.Contains(seen, []byte(string(utf8.RuneError))) {
		return n, fmt.Errorf("it holds bytes that are no character of %s", e.name)
	}
	e.tail = append(e.tail[:0], seen[max(0, len(seen)-2):]...)
	return n, err
}
