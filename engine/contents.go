package engine

import (
	"encoding/binary"
	"iter"

	"shiftmill/runs"
)

// contents are the content ids of some columns in the order in which they were learnt,
// as a record holds them: for each the length of the column's name, the name, the id. A
// plan takes thousands of such lists from records and asks each for an id or two, so
// they are read where they lie.
type contents []byte

// passed are the content ids of columns that lie in the base of an output: as contents,
// but with a digest before each id. A stage that does not read a column has the same
// result when the column changes, so that the id holds for one version of it only.
type passed []byte

func (cs contents) get(column string) (id runs.Digest, ok bool) {
	for rest := cs; len(rest) > 0; {
		name, ids, after := nextColumn(rest, 1)
		if string(name) == column {
			return runs.Digest(ids), true
		}
		rest = after
	}
	return id, false
}

func (cs contents) add(column string, id runs.Digest) contents {
	return append(appendName(cs, column), id[:]...)
}

// all lists the columns with their ids.
func (cs contents) all() iter.Seq2[string, runs.Digest] {
	return func(yield func(string, runs.Digest) bool) {
		for rest := cs; len(rest) > 0; {
			name, ids, after := nextColumn(rest, 1)
			if !yield(string(name), runs.Digest(ids)) {
				return
			}
			rest = after
		}
	}
}

func (ps passed) get(column string) (version, id runs.Digest, ok bool) {
	for rest := ps; len(rest) > 0; {
		name, ids, after := nextColumn(rest, 2)
		if string(name) == column {
			return runs.Digest(ids), runs.Digest(ids[len(version):]), true
		}
		rest = after
	}
	return version, id, false
}

func (ps passed) add(column string, version, id runs.Digest) passed {
	return append(append(appendName(ps, column), version[:]...), id[:]...)
}

func appendName(b []byte, column string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(column))), column...)
}

// nextColumn takes a column's name and some digests off the front of a list that is whole.
func nextColumn(list []byte, digests int) (name, ds, rest []byte) {
	length, k := binary.Uvarint(list)
	at := k + int(length)
	end := at + digests*len(runs.Digest{})
	return list[k:at], list[at:end], list[end:]
}

// appendColumns adds a list with the number of its columns.
func appendColumns(b, list []byte, digests int) []byte {
	n := uint64(0)
	for rest := list; len(rest) > 0; n++ {
		_, _, rest = nextColumn(rest, digests)
	}
	return append(binary.AppendUvarint(b, n), list...)
}
