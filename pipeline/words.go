package pipeline

import (
	"bytes"
	"unicode/utf8"
)

// fewestWords is the length of a list that is worth reading here.
const fewestWords = 100

// wordLists are long lists of plain words in brackets, such as the seeds of a sweep, by
// the places of the brackets. yaml.v3 takes more than a microsecond for each word: so it
// is given the text with the words blanked, and they are put where it finds the brackets.
// A bracket that it does not find stands in a comment or a text: then all is read as it is.
type wordLists map[textPlace][]*node

// A textPlace counts from 1, columns in characters, as yaml.v3 does.
type textPlace struct{ line, col int }

// parseWords reads a text with long lists of words; nil when there are none, or when it
// holds anything unusual.
func parseWords(src *source, data []byte) *node {
	blanked, lists := cutWords(src, data)
	if len(lists) == 0 {
		return nil
	}
	n := parsePiece(src, blanked, 0, lists)
	if len(lists) > 0 { // those that are left
		return nil
	}
	return n
}

// cutWords returns a copy of a text in which long lists of words are blank, and the lists.
func cutWords(src *source, data []byte) (blanked []byte, lists wordLists) {
	at, i := textPlace{1, 1}, 0 // of what is read so far
	for {
		open := bytes.IndexByte(data[i:], '[')
		if open < 0 {
			return blanked, lists
		}
		at, i = at.behind(data[i:i+open]), i+open
		size := 1 + bytes.IndexAny(data[i+1:], "[]")
		if size == 0 {
			return blanked, lists
		}
		inside := data[i+1 : i+size]
		if count := 1 + bytes.Count(inside, []byte(",")); data[i+size] == ']' && count >= fewestWords {
			if words := readWords(src, string(inside), textPlace{at.line, at.col + 1}, count); words != nil {
				if lists == nil {
					blanked, lists = bytes.Clone(data), wordLists{}
				}
				lists[at] = words
				for j := range inside {
					if inside[j] != '\n' {
						blanked[i+1+j] = ' '
					}
				}
			}
		}
		at, i = at.behind(data[i:i+size]), i+size
	}
}

// behind is the place behind a text that begins at p.
func (p textPlace) behind(text []byte) textPlace {
	if last := bytes.LastIndexByte(text, '\n'); last >= 0 {
		return textPlace{p.line + bytes.Count(text, []byte("\n")), 1 + utf8.RuneCount(text[last+1:])}
	}
	return textPlace{p.line, p.col + utf8.RuneCount(text)}
}

// readWords reads so many words with commas between them; nil when there is anything else.
// Lines that go on at the margin are no part of a list.
func readWords(src *source, text string, at textPlace, count int) []*node {
	slab, words := make([]node, count), make([]*node, count)
	i := 0
	blanks := func() {
		for ; i < len(text); i++ {
			switch {
			case text[i] == ' ':
				at.col++
			case text[i] == '\n' && i+1 < len(text) && text[i+1] == ' ':
				at = textPlace{at.line + 1, 1}
			default:
				return
			}
		}
	}
	for k := range words {
		blanks()
		size := wordSize(text[i:])
		if size == 0 {
			return nil
		}
		n := &slab[k]
		*n = node{src: src, line: int32(at.line), col: int32(at.col), text: text[i : i+size]}
		n.kind, n.tag = classify(n.text)
		words[k] = n
		i, at.col = i+size, at.col+size
		blanks()
		if k == count-1 {
			break
		}
		if i == len(text) || text[i] != ',' {
			return nil
		}
		i, at.col = i+1, at.col+1
	}
	if i < len(text) {
		return nil
	}
	return words
}

// wordSize is how much of a text is a word that means itself wherever it stands: letters,
// digits, and marks inside, such as -1, 0.5, 2026-03-31.
func wordSize(text string) int {
	i := 0
	if text != "" && text[0] == '-' {
		i = 1
	}
	if i == len(text) || !nameByte(text[i]) || text[i] == '-' || text[i] == '+' {
		return 0
	}
	for i < len(text) && (nameByte(text[i]) || text[i] == '.') {
		i++
	}
	return i
}
