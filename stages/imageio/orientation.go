package imageio

import (
	"bytes"
	"encoding/binary"
)

// Orient returns p turned upright for an EXIF orientation: 2 to 8 mirror and turn it, any other value returns p itself.
func Orient(p *Pixels, orientation int) *Pixels {
	if orientation < 2 || orientation > 8 {
		return p
	}
	h, w := p.H, p.W
	if orientation >= 5 {
		h, w = w, h
	}
	dst := NewPixels(h, w, p.C)
	// Source of the first output pixel and steps to the next column and row, in pixels.
	first, right, down := 0, 1, p.W
	last := p.H*p.W - 1
	switch orientation {
	case 2: // mirrored
		first, right, down = p.W-1, -1, p.W
	case 3: // upside down
		first, right, down = last, -1, -p.W
	case 4: // mirrored top to bottom
		first, right, down = last-(p.W-1), 1, -p.W
	case 5: // transposed
		first, right, down = 0, p.W, 1
	case 6: // to be turned clockwise
		first, right, down = last-(p.W-1), -p.W, 1
	case 7: // transposed along the other diagonal
		first, right, down = last, -p.W, -1
	case 8: // to be turned anticlockwise
		first, right, down = p.W-1, p.W, -1
	}
	c := p.C
	for y := range h {
		from, out := first+y*down, dst.Row(y)
		for x := 0; x < len(out); x += c {
			copy(out[x:x+c], p.Pix[from*c:])
			from += right
		}
	}
	return dst
}

// Orientation returns the EXIF orientation (1 to 8) that a JPEG, PNG or WebP file declares, or 1 where it declares none
// or one that is not readable: a damaged tag must not hide the picture.
func Orientation(data []byte) int {
	tiff := exifBlock(data)
	order, at, ok := tiffHeader(tiff)
	if !ok || at+2 > len(tiff) {
		return 1
	}
	n := int(order.Uint16(tiff[at:]))
	for i := range n {
		e := at + 2 + 12*i
		if e+12 > len(tiff) {
			break
		}
		if order.Uint16(tiff[e:]) != 0x0112 {
			continue
		}
		v := int(order.Uint16(tiff[e+8:]))
		if order.Uint16(tiff[e+2:]) != 3 || v < 1 || v > 8 { // 3: SHORT
			return 1
		}
		return v
	}
	return 1
}

// tiffHeader returns the byte order and the offset of the first directory of a TIFF block.
func tiffHeader(tiff []byte) (binary.ByteOrder, int, bool) {
	if len(tiff) < 8 {
		return nil, 0, false
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return nil, 0, false
	}
	at := order.Uint32(tiff[4:])
	if uint64(at) >= uint64(len(tiff)) {
		return nil, 0, false
	}
	return order, int(at), true
}

// exifBlock returns the TIFF block of a file's EXIF data, or nil.
func exifBlock(data []byte) []byte {
	switch sniff(data) {
	case "jpeg":
		return exifOfJPEG(data)
	case "png":
		return exifOfPNG(data)
	case "webp":
		return exifOfWebP(data)
	}
	return nil
}

// exifOfJPEG looks through the segments before the first scan.
func exifOfJPEG(data []byte) []byte {
	for at := 2; at+4 <= len(data) && data[at] == 0xff; {
		marker := data[at+1]
		if marker == 0xff { // fill byte
			at++
			continue
		}
		n := int(binary.BigEndian.Uint16(data[at+2:]))
		if marker == 0xda || n < 2 || at+2+n > len(data) {
			return nil
		}
		if body, ok := bytes.CutPrefix(data[at+4:at+2+n], []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return body
		}
		at += 2 + n
	}
	return nil
}

func exifOfPNG(data []byte) []byte {
	for at := 8; at+12 <= len(data); {
		n := binary.BigEndian.Uint32(data[at:])
		if uint64(n) > uint64(len(data)-at-12) {
			return nil
		}
		if string(data[at+4:at+8]) == "eXIf" {
			return data[at+8 : at+8+int(n)]
		}
		at += 12 + int(n)
	}
	return nil
}

func exifOfWebP(data []byte) []byte {
	for at := 12; at+8 <= len(data); {
		n := binary.LittleEndian.Uint32(data[at+4:])
		if uint64(n) > uint64(len(data)-at-8) {
			return nil
		}
		if string(data[at:at+4]) == "EXIF" {
			body := data[at+8 : at+8+int(n)]
			body, _ = bytes.CutPrefix(body, []byte("Exif\x00\x00")) // some writers keep the JPEG's prefix
			return body
		}
		at += 8 + int(n) + int(n&1)
	}
	return nil
}
