package runs

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Damage is a file, or a part of one, that is not as it was written.
type Damage struct {
	Path   string
	Object Digest // the object that is lost with it; zero when it is none
	What   string // what is wrong
	Remedy string // what to do about it
}

// String describes the damage in one line.
func (d Damage) String() string {
	return fmt.Sprintf("%s is damaged: %s; %s", d.Path, d.What, d.Remedy)
}

const (
	remedyRun   = "run again: what is lost is computed anew"
	remedyIndex = "nothing is lost: delete it, or let the next run write it anew"
	remedyAlien = "remove it, if you put it there"
)

// verifier walks all files of a store.
type verifier struct {
	s        *Store
	ctx      context.Context
	progress func(done, total int64)
	done     int64
	total    int64
	damage   []Damage
	alive    map[sessionID]bool
	named    map[sessionID]bool // sessions with a file
}

// Verify reads every byte of the store and returns what is not as it was written. It
// changes nothing. Progress, which may be nil, is told bytes done and to be done.
//
// An error is a file system that fails otherwise, or the cause of ctx.
func (s *Store) Verify(ctx context.Context, progress func(done, total int64)) ([]Damage, error) {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	v := &verifier{s: s, ctx: ctx, progress: progress, alive: map[sessionID]bool{}, named: map[sessionID]bool{}}
	if err := v.run(); err != nil {
		return nil, fmt.Errorf("verify %s: %w", s.dir, err)
	}
	return v.damage, nil
}

func (v *verifier) run() error {
	if err := v.s.Refresh(); err != nil {
		return err
	}
	folders, err := v.list()
	if err != nil {
		return err
	}
	ids, err := v.s.sessions()
	if err != nil {
		return err
	}
	for _, id := range ids {
		v.named[id] = true
		v.alive[id] = v.s.alive(id)
	}
	if err := v.s.checkVersion(); err != nil {
		v.add(v.s.path("VERSION"), Digest{}, err.Error(), "restore its one line: "+versionText)
	}
	if err := v.index(); err != nil {
		return err
	}
	for _, f := range folders {
		if err := context.Cause(v.ctx); err != nil {
			return err
		}
		if err := v.file(f.path, f.name); err != nil && !isGone(err) {
			return err
		}
		v.done += f.size
		v.progress(v.done, v.total)
	}
	return v.missing()
}

func (v *verifier) add(path string, object Digest, what, remedy string) {
	v.damage = append(v.damage, Damage{Path: path, Object: object, What: what, Remedy: remedy})
}

type storedFile struct {
	path, name string
	size       int64
}

// list finds the journals, packs, objects and trash.
func (v *verifier) list() ([]storedFile, error) {
	var files []storedFile
	var walk func(dir string, depth int) error
	walk = func(dir string, depth int) error {
		entries, err := v.s.fs.List(dir)
		if isGone(err) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name)
			switch {
			case e.Dir && depth > 0:
				if err := walk(path, depth-1); err != nil {
					return err
				}
			case e.Dir:
				v.add(path, Digest{}, "a folder that is not the store's", remedyAlien)
			default:
				files = append(files, storedFile{path, e.Name, e.Size})
				v.total += e.Size
			}
		}
		return nil
	}
	for folder, depth := range map[string]int{"journal": 0, "packs": 0, "objects": 1, "trash": 1} {
		if err := walk(v.s.path(folder), depth); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(files, func(a, b storedFile) int { return strings.Compare(a.path, b.path) })
	return files, nil
}

func (v *verifier) file(path, name string) error {
	folder := filepath.Base(filepath.Dir(path))
	if id, ok := parseSessionID(name); ok && folder == "journal" {
		return v.journal(path, id)
	}
	if id, ok := parsePackID(name); ok && folder != "journal" {
		return v.pack(path, id)
	}
	if d, err := ParseDigest(name); err == nil && folder != "journal" && folder != "packs" {
		return v.object(path, d)
	}
	if strings.HasPrefix(name, generationName) {
		return nil // only ever read as a reason to wait
	}
	v.add(path, Digest{}, "a file that is not the store's", remedyAlien)
	return nil
}

func (v *verifier) object(path string, d Digest) error {
	data, err := ReadFile(v.s.fs, path)
	if err != nil {
		if isGone(err) {
			return err
		}
		v.add(path, d, err.Error(), remedyRun)
		return nil
	}
	if got := Sum(data); got != d {
		v.add(path, d, fmt.Sprintf("its %d bytes have the SHA-256 %s", len(data), got), remedyRun)
	}
	return nil
}

// journal checks that all frames are there that the session, or who buried it, has
// stated, and that nothing readable lies behind a bad frame.
func (v *verifier) journal(path string, id sessionID) error {
	data, err := ReadFile(v.s.fs, path)
	if err != nil {
		return err
	}
	good, ended := int64(0), false
	if len(data) >= journalHeader && string(data[:journalHeader]) == journalMagic+string(id[:]) {
		good = int64(journalHeader)
	}
	for good > 0 && good < int64(len(data)) {
		payload, n, err := parseFrame(data[good:], id, good)
		if err == nil {
			err = eachEntry(payload, func(e entry) error {
				if x, err := decodeExtent(e.body); e.kind == entryExtent && err == nil && x.session == id {
					ended = true
				}
				return nil
			})
		}
		if err != nil {
			break
		}
		good += int64(n)
	}
	v.s.mu.RLock()
	x, stated := v.s.st.extent(id)
	v.s.mu.RUnlock()
	rest := int64(len(data)) - good
	switch {
	case v.frameAfter(data, id, good):
		v.add(path, Digest{}, fmt.Sprintf("byte %d and those behind cannot be read, though whole frames follow", good), remedyRun)
	case stated && good < x.journal:
		v.add(path, Digest{}, fmt.Sprintf("%d bytes can be read, %d were written", good, x.journal), remedyRun)
	case ended && rest > 0:
		v.add(path, Digest{}, fmt.Sprintf("%d bytes follow its end mark", rest), remedyRun)
	case stated && x.closed && !ended:
		v.add(path, Digest{}, "its end mark is gone", remedyRun)
	case !stated && !ended && !v.named[id]:
		v.add(path, Digest{}, fmt.Sprintf("has no end mark after %d readable bytes, though its session has ended", good), remedyRun)
	}
	return nil
}

// frameAfter reports whether a frame can be read somewhere behind a bad place.
func (v *verifier) frameAfter(data []byte, id sessionID, bad int64) bool {
	for at := bad + 1; at < int64(len(data)); at++ {
		i := bytes.Index(data[at:], []byte(frameMagic))
		if i < 0 {
			return false
		}
		at += int64(i)
		if _, _, err := parseFrame(data[at:], id, at); err == nil {
			return true
		}
	}
	return false
}

// pack checks the entries of a pack up to where its session, or its locations, say
// that it reaches.
func (v *verifier) pack(path string, id packID) error {
	data, err := ReadFile(v.s.fs, path)
	if err != nil {
		return err
	}
	reach, err := v.reach(id)
	if err != nil {
		return err
	}
	size := int64(len(data))
	at := int64(packHeader)
	if reach > 0 && (size < at || string(data[:at]) != packMagic+string(id.session[:])) {
		v.add(path, Digest{}, "does not begin as this session's pack", remedyRun)
		return nil
	}
	for at < reach {
		if size < at+int64(packEntryHead) || string(data[at:at+4]) != packEntry {
			v.add(path, Digest{}, fmt.Sprintf("no object begins at byte %d, where one was written", at), remedyRun)
			return nil
		}
		d := Digest(data[at+8:])
		end := at + int64(packEntryHead) + int64(binary.LittleEndian.Uint32(data[at+4:]))
		if end > size {
			v.add(path, d, fmt.Sprintf("the object at byte %d is cut off", at), remedyRun)
			return nil
		}
		if Sum(data[at+int64(packEntryHead):end]) != d {
			v.add(path, d, fmt.Sprintf("the object at byte %d, or its name, has changed", at), remedyRun)
		}
		at = end
	}
	return nil // bytes behind are of a write that failed
}

// reach returns how many bytes of a pack were committed.
func (v *verifier) reach(id packID) (int64, error) {
	v.s.mu.RLock()
	x, stated := v.s.st.extent(id.session)
	v.s.mu.RUnlock()
	if stated && int(id.n) < len(x.packs) {
		return x.packs[id.n], nil
	}
	lengths, err := v.s.packExtents(id.session)
	if err != nil || int(id.n) >= len(lengths) {
		return 0, err
	}
	return lengths[id.n], nil
}

// index checks all of the index.
func (v *verifier) index() error {
	path := v.s.path("index")
	ix, note, err := openIndex(v.s.fs, path)
	if err != nil {
		return err
	}
	if ix == nil {
		if note != "" {
			v.add(path, Digest{}, note, remedyIndex)
		}
		return nil
	}
	if _, err := ix.gone(); err != nil {
		v.add(path, Digest{}, fmt.Sprintf("the part about what is gone cannot be read: %v", err), remedyIndex)
		return ix.file.Close()
	}
	end := ix.goneRef.offset + int64(ix.goneRef.length)
	for section := range ix.refs {
		for first, r := range ix.refs[section] {
			end = max(end, r.offset+int64(r.length))
			if _, err := ix.bucket(section, byte(first)); err != nil {
				v.add(path, Digest{}, fmt.Sprintf("bucket %d.%d cannot be read: %v", section, first, err), remedyIndex)
				return ix.file.Close()
			}
		}
	}
	size, err := ix.file.Size()
	if err == nil && size != end {
		v.add(path, Digest{}, fmt.Sprintf("has %d bytes, want %d", size, end), remedyIndex)
	}
	return errors.Join(err, ix.file.Close())
}

// missing names the objects that records refer to and nobody has taken away.
func (v *verifier) missing() error {
	list, err := v.s.allRecords()
	if err != nil {
		return err
	}
	known := map[Digest]bool{}
	for _, d := range v.damage {
		known[d.Object] = true
	}
	for _, e := range list {
		r, err := decodeRecord(e.body)
		if err != nil {
			return err
		}
		for _, d := range r.Objects {
			if known[d] || v.present(d) {
				continue
			}
			known[d] = true
			v.s.mu.RLock()
			_, buried := v.s.st.tombstone(d)
			v.s.mu.RUnlock()
			if !buried {
				v.add(v.s.objectPath(d), d, fmt.Sprintf("it is gone, though record %s (%s) refers to it", r.Key, r.Kind), remedyRun)
			}
		}
	}
	return nil
}

// present reports whether the file that should hold an object is there, be it in the
// trash.
func (v *verifier) present(d Digest) bool {
	if _, ok := v.s.chunksOf(d); ok {
		return true // the record of its chunks refers to each of them
	}
	names := []string{v.s.objectPath(d)}
	if l, ok := v.s.locate(d); ok {
		names = append(names, v.s.packPath(l.pack))
	}
	for _, name := range names {
		if _, err := v.s.fs.Stat(name); err == nil {
			return true
		}
		for _, g := range v.s.generations() {
			if _, err := v.s.fs.Stat(v.s.path("trash", g, filepath.Base(name))); err == nil {
				return true
			}
		}
	}
	return false
}
