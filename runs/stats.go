package runs

import "fmt"

// Stats counts what a store holds.
type Stats struct {
	Objects int   // files of their own and packed ones
	Bytes   int64 // of all files in objects and packs
	Packs   int
	Records int
	Trash   int64 // bytes that collections have set aside
	Journal int64 // bytes of journals and index
}

// Stats lists the store's folders and counts.
func (s *Store) Stats() (Stats, error) {
	var st Stats
	if err := s.Refresh(); err != nil {
		return st, fmt.Errorf("stats: %w", err)
	}
	records, err := s.allRecords()
	if err != nil {
		return st, fmt.Errorf("stats: %w", err)
	}
	st.Records = len(records)
	heaps, err := s.heaps(&marks{}, GCOptions{})
	if err != nil {
		return st, fmt.Errorf("stats: %w", err)
	}
	for _, h := range heaps {
		st.Objects += len(h.objects)
		st.Bytes += h.size
		if h.pack {
			st.Packs++
		}
	}
	for _, g := range s.generations() {
		files, err := s.fs.List(s.path("trash", g))
		if err != nil && !isGone(err) {
			return st, fmt.Errorf("stats: %w", err)
		}
		for _, f := range files {
			st.Trash += f.Size
		}
	}
	journals, err := s.fs.List(s.path("journal"))
	if err != nil {
		return st, fmt.Errorf("stats: %w", err)
	}
	for _, f := range journals {
		st.Journal += f.Size
	}
	if info, err := s.fs.Stat(s.path("index")); err == nil {
		st.Journal += info.Size
	}
	return st, nil
}
