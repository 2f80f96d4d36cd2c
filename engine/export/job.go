package export

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/engine"
	"shiftmill/runs/manifest"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
)

// A Set is one output of the stage.
type Set struct {
	Name   string
	Rows   engine.Rows
	Images stages.Images
	Prints stages.Input // check/fingerprint of these rows and perhaps more, or nil
}

// A Job is what is exported.
type Job struct {
	Engine   *engine.Engine
	Instance string
	Sets     []Set
	Header   manifest.Header // without rows, sets and root
	Label    string          // column of the class

	Shard int64 // bytes of a tar shard; 0: as many as shardSamples take, at most shardBytes

	// Progress, if set, is told from time to time how many rows of all sets have
	// been gone through; a form may go through them more than once. Resumed, if
	// set, is told once how many an interrupted export had written.
	Progress, Resumed func(rows, all int)
	// Dropped, if set, is told of an interrupted export of something else that gives way.
	Dropped func(text string)
	gone    int

	// KeepRows is after how many rows an export keeps how far it is; 0: every two
	// seconds.
	KeepRows int
}

// rows counts those of all sets.
func (j *Job) rows() int {
	all := 0
	for _, s := range j.Sets {
		all += s.Rows.Len()
	}
	return all
}

// went counts rows that were gone through.
func (j *Job) went(rows int) {
	if j.gone += rows; j.Progress != nil {
		all := j.rows()
		j.Progress((j.gone-1)%max(all, 1)+1, all)
	}
}

// resume counts rows of an interrupted export.
func (j *Job) resume(rows int) {
	if j.gone += rows; rows > 0 && j.Resumed != nil {
		j.Resumed(rows, j.rows())
	}
}

// recipe is a digest of all that a form writes.
func (j *Job) recipe(ctx context.Context, form string) ([sha256.Size]byte, error) {
	h := sha256.New()
	head, err := json.Marshal(j.Header)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	fmt.Fprintf(h, "%q %q %d %s\n", form, j.Label, j.Shard, head)
	for _, s := range j.Sets {
		v, err := s.Rows.Version(ctx)
		if err != nil {
			return v, err
		}
		fmt.Fprintf(h, "%q %s %t\n", s.Name, v, s.Prints != nil)
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// A Form is a way to write a job.
type Form struct {
	Name, Doc string
	write     func(ctx context.Context, j *Job, d *engine.Draft) (string, error)
}

// Forms are all forms beside plain Parquet.
func Forms() []Form {
	return []Form{
		{"manifest", "manifest.parquet and manifest.jsonl: which image is in which set, with digests", writeManifest},
		{"wilds", "metadata.csv and images/, as WILDS datasets have them", writeWILDS},
		{"imagefolder", "SET/CLASS/ with links to the images, as torchvision's ImageFolder reads", writeImageFolder},
		{"huggingface", "Parquet shards and a dataset card, as the Hub has them", writeHuggingFace},
		{"webdataset", "tar shards with image, class and metadata of each sample", writeWebDataset},
	}
}

// Write writes the job into a new folder and says in a line what is there. One
// that was interrupted goes on, to the same bytes.
func (f Form) Write(ctx context.Context, j *Job, dir string) (summary string, err error) {
	recipe, err := j.recipe(ctx, f.Name+"/1")
	if err != nil {
		return "", err
	}
	err = engine.MakeFolder(dir, recipe, j.Dropped, func(d *engine.Draft) error {
		summary, err = f.write(ctx, j, d)
		return err
	})
	return summary, err
}

// A sample is one row with its picture.
type sample struct {
	set    *Set
	at     int // of the set
	number int // of the row among those of all sets, from 1
	id     string
	cell   stages.ImageCell
	image  bool // there is one
	label  string
	values []value
}

// A value is one of a row's other columns, as text and as JSON.
type value struct {
	name, text string
	json       any
	missing    bool
}

// A sampleReader makes samples of a record.
type sampleReader struct {
	set    *Set
	at     int
	rec    arrow.Record
	label  string
	images []bool // of each column
}

func readerOf(j *Job, set int, rec arrow.Record) *sampleReader {
	r := &sampleReader{set: &j.Sets[set], at: set, rec: rec, label: j.Label}
	for _, c := range rec.Columns() {
		r.images = append(r.images, stages.IsImage(c.DataType()))
	}
	return r
}

func (s *sampleReader) sample(i, number int) *sample {
	row := &sample{set: s.set, at: s.at, number: number}
	for k, col := range s.rec.Columns() {
		name := s.rec.ColumnName(k)
		switch {
		case name == "id":
			row.id = col.ValueStr(i)
		case s.images[k]:
			if row.image = col.IsValid(i); row.image {
				row.cell = stages.Image(col, i)
			}
		default:
			v := value{name: name, missing: col.IsNull(i)}
			if !v.missing {
				v.text, v.json = plainText(col, i), col.GetOneForMarshal(i)
			}
			if name == s.label {
				row.label = v.text
			}
			row.values = append(row.values, v)
		}
	}
	return row
}

// plainText is a value as a CSV file would hold it; elements of lists are
// joined by "|".
func plainText(col arrow.Array, i int) string {
	l, ok := col.(*array.List)
	if !ok {
		return col.ValueStr(i)
	}
	from, to := l.ValueOffsets(i)
	var parts []string
	for k := from; k < to; k++ {
		parts = append(parts, l.ListValues().ValueStr(int(k)))
	}
	return strings.Join(parts, "|")
}

// longestName is what file systems take for a file's name, in bytes.
const longestName = 255

// fileName is a name for a row's picture that no other row of the set has: the
// id made safe, with the picture's ending. Of an id that would be too long its
// beginning stays, and a digest tells it from others.
func (r *sample) fileName(extension string) string {
	name := safe(r.id)
	if len(name)+len(extension) > longestName {
		sum := sha256.Sum256([]byte(r.id))
		return fmt.Sprintf("%s~%x%s", name[:longestName/2], sum[:12], extension)
	}
	if known := strings.ToLower(path.Ext(name)); known == extension || known == ".jpeg" && extension == ".jpg" {
		return name
	}
	return name + extension
}

// safe percent-encodes what a file name cannot hold everywhere.
func safe(text string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-_=,+@~", c) >= 0, c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// encoded is a row's picture as a file: its own bytes, or PNG where there is
// no file.
func (r *sample) encoded(ctx context.Context) (data []byte, extension string, err error) {
	fail := func(err error) ([]byte, string, error) {
		return nil, "", &stages.RowError{ID: r.id, File: r.cell.Name(), Err: err}
	}
	pic, err := r.set.Images.Open(ctx, r.cell)
	if err != nil {
		return fail(err)
	}
	if pic.Encoded == nil {
		p := &imageio.Pixels{H: pic.Height, W: pic.Width, C: 3, Pix: pic.Pix}
		if err := p.Check(); err != nil {
			return fail(err)
		}
		return imageio.EncodePNG(p), ".png", nil
	}
	format, _, _, err := imageio.Config(pic.Encoded)
	if err != nil {
		return fail(err)
	}
	return pic.Encoded, map[string]string{"jpeg": ".jpg", "png": ".png", "webp": ".webp", "gif": ".gif", "bmp": ".bmp"}[format], nil
}

// place is where a row's picture lies as a file of its own, which is there. A link needs
// no digest of it, and so none of the bytes of perhaps millions of files.
func (r *sample) place(ctx context.Context) (string, bool) {
	var at stages.FileRange
	var ok bool
	var err error
	if l, is := r.set.Images.(stages.Locator); is {
		if at, ok, err = l.Locate(r.cell); ok && err == nil {
			_, err = os.Stat(at.Path)
		}
	} else {
		var p stages.Place
		p, ok, err = r.set.Images.Place(ctx, r.cell)
		at = p.FileRange
	}
	if err != nil || !ok || at.Size >= 0 || at.Offset != 0 {
		return "", false
	}
	return at.Path, true
}

// classes lists the classes of all sets, sorted, and their numbers.
func (j *Job) classes(ctx context.Context) (names []string, number map[string]int, err error) {
	number = map[string]int{}
	for i := range j.Sets {
		rows, err := j.Sets[i].Rows.Only(j.Label)
		if err != nil {
			return nil, nil, err
		}
		err = rows.Each(ctx, func(rec arrow.Record) error {
			if rec.NumCols() < 2 {
				return nil
			}
			col := rec.Column(1)
			for k := range col.Len() {
				if col.IsNull(k) {
					continue
				}
				text := plainText(col, k)
				if _, seen := number[text]; text != "" && !seen {
					number[strings.Clone(text)] = 0
					names = append(names, strings.Clone(text))
				}
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	if len(names) == 0 {
		return nil, nil, fmt.Errorf("no row has a class in the column %q: this form needs one class a row; name its column with --label", j.Label)
	}
	slices.Sort(names)
	for k, name := range names {
		number[name] = k
	}
	return names, number, nil
}
