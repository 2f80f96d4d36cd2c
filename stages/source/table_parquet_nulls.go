package source

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
)

// A parquetFooter is what of a Parquet file's footer says how many values of a column are missing.
// The library's own form of it has 0 for a count that is not there.
type parquetFooter struct {
	RowGroups []struct {
		Columns []struct {
			MetaData struct {
				Statistics *struct {
					NullCount *int64 `thrift:"3,optional"`
				} `thrift:"12,optional"`
			} `thrift:"3,optional"`
		} `thrift:"1,optional"`
	} `thrift:"4,optional"`
}

// nullCounts are the numbers of missing values by row group and leaf; -1 where the file does not say.
func nullCounts(f io.ReaderAt, size int64) ([][]int64, error) {
	var tail [8]byte
	if size < int64(len(tail)) {
		return nil, errors.New("it ends early")
	}
	if _, err := f.ReadAt(tail[:], size-8); err != nil {
		return nil, err
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n > size-8 {
		return nil, errors.New("its footer begins before it does")
	}
	data := make([]byte, n)
	if _, err := f.ReadAt(data, size-8-n); err != nil {
		return nil, err
	}
	var footer parquetFooter
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), data, &footer); err != nil {
		return nil, err
	}
	counts := make([][]int64, len(footer.RowGroups))
	for i, g := range footer.RowGroups {
		for _, c := range g.Columns {
			count := int64(-1)
			if s := c.MetaData.Statistics; s != nil && s.NullCount != nil {
				count = *s.NullCount
			}
			counts[i] = append(counts[i], count)
		}
	}
	return counts, nil
}
