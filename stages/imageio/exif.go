package imageio

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/bep/imagemeta"
)

// EXIF is what a camera wrote about a picture. A field that the file lacks, or holds in a form that cannot be read, has its zero value.
type EXIF struct {
	Make, Model string
	Lens        string // its model
	// DateTime is the camera's clock when the picture was taken, "2006-01-02T15:04:05" without a zone; if that is not given, when it was
	// digitised or last changed.
	DateTime    string
	Orientation int     // 1 to 8; 1, upright, where none is given
	ISO         int     // sensitivity, as written: 65535 is a common filler
	FocalLength float64 // of the lens, in millimetres
	HasPosition bool    // says whether Lat and Lon are known
	Lat, Lon    float64 // degrees, north and east positive
}

// ReadEXIF returns the EXIF data of a JPEG, PNG or WebP file. A file without any is no error: it gives the zero EXIF, upright. With a
// damaged block, the fields that could be read come with the error.
func ReadEXIF(data []byte) (EXIF, error) {
	e := EXIF{Orientation: Orientation(data)}
	block := exifBlock(data)
	if block == nil {
		return e, nil
	}
	var times [3]string
	var position position
	field := func(tag imagemeta.TagInfo) {
		switch tag.Tag {
		case "Make":
			e.Make = text(tag.Value)
		case "Model":
			e.Model = text(tag.Value)
		case "LensModel":
			e.Lens = text(tag.Value)
		case "DateTimeOriginal":
			times[0] = dateTime(tag.Value)
		case "CreateDate":
			times[1] = dateTime(tag.Value)
		case "ModifyDate":
			times[2] = dateTime(tag.Value)
		case "ISO":
			e.ISO = int(number(tag.Value))
		case "FocalLength":
			e.FocalLength = number(tag.Value)
		default:
			position.set(tag)
		}
	}
	_, err := imagemeta.Decode(imagemeta.Options{
		R:           bytes.NewReader(block),
		ImageFormat: imagemeta.TIFF,
		Sources:     imagemeta.EXIF,
		// The first directory and those it points to; IFD1 describes the thumbnail.
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool { return strings.HasPrefix(tag.Namespace, "IFD0") },
		HandleTag:       func(tag imagemeta.TagInfo) error { field(tag); return nil },
		// A position that cannot be converted is reported here and then handed over as 0.
		Warnf: func(format string, _ ...any) {
			position.damaged = position.damaged || strings.Contains(format, "degrees")
		},
	})
	for _, t := range times {
		if e.DateTime == "" {
			e.DateTime = t
		}
	}
	e.Lat, e.Lon, e.HasPosition = position.degrees()
	if err != nil {
		return e, fmt.Errorf("read EXIF: %w", err)
	}
	return e, nil
}

// position gathers the four tags of a place on earth.
type position struct {
	lat, lon       float64
	latRef, lonRef string
	hasLat, hasLon bool
	damaged        bool
}

func (p *position) set(tag imagemeta.TagInfo) {
	switch tag.Tag {
	case "GPSLatitude":
		p.lat, p.hasLat = tag.Value.(float64)
	case "GPSLongitude":
		p.lon, p.hasLon = tag.Value.(float64)
	case "GPSLatitudeRef":
		p.latRef = text(tag.Value)
	case "GPSLongitudeRef":
		p.lonRef = text(tag.Value)
	}
}

// degrees refuses half a position and one that is not on earth (NaN included).
func (p *position) degrees() (lat, lon float64, ok bool) {
	if !p.hasLat || !p.hasLon || p.damaged || !(p.lat >= 0 && p.lat <= 90 && p.lon >= 0 && p.lon <= 180) {
		return 0, 0, false
	}
	lat, lon = p.lat, p.lon
	if p.latRef == "S" {
		lat = -lat
	}
	if p.lonRef == "W" {
		lon = -lon
	}
	return lat, lon, true
}

func text(v any) string {
	s, _ := v.(string)
	return strings.TrimSpace(strings.TrimRight(s, "\x00"))
}

// dateTime is EXIF's "2006:01:02 15:04:05" in the usual form, or "" for anything else, such as the blanks and zeros of an unset clock.
func dateTime(v any) string {
	t, err := time.Parse("2006:01:02 15:04:05", text(v))
	if err != nil {
		return ""
	}
	return t.Format("2006-01-02T15:04:05")
}

// number is a tag's value, or its first one; 0 if it is none, not finite or negative.
func number(v any) float64 {
	if list, ok := v.([]any); ok && len(list) > 0 {
		v = list[0]
	}
	f := 0.0
	switch v := v.(type) {
	case uint8:
		f = float64(v)
	case uint16:
		f = float64(v)
	case uint32:
		f = float64(v)
	case float64:
		f = v
	case interface{ Float64() float64 }:
		f = v.Float64()
	}
	if !(f > 0 && f < 1<<32) {
		return 0
	}
	return f
}
