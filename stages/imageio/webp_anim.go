package imageio

import (
	"bytes"
	"encoding/binary"
	"errors"

	"golang.org/x/image/webp"
)

// A webpFrame is the first frame of an animation as a file of its own, and where it
// lies on the canvas.
type webpFrame struct {
	data []byte
	x, y int
}

// firstFrame finds the first frame of an animated WebP file; nil for other files.
// WebP Container Specification (Google, 2022), "ANMF chunk".
func firstFrame(data []byte) (*webpFrame, error) {
	if len(data) < 21 || string(data[12:16]) != "VP8X" || data[20]&2 == 0 {
		return nil, nil
	}
	for at := 12; at+8 <= len(data); {
		size := int(binary.LittleEndian.Uint32(data[at+4:]))
		body := data[at+8:]
		if size > len(body) {
			return nil, errors.New("image data end early")
		}
		if string(data[at:at+4]) == "ANMF" {
			return frameOf(body[:size])
		}
		at += 8 + size + size&1
	}
	return nil, errors.New("an animation without a frame")
}

// frameOf makes a file of a frame: its chunks, and before them, where there is an
// alpha plane, the chunk that announces it.
func frameOf(body []byte) (*webpFrame, error) {
	if len(body) < 16+8 {
		return nil, errors.New("a frame of an animation ends early")
	}
	three := func(at int) int { return int(body[at]) | int(body[at+1])<<8 | int(body[at+2])<<16 }
	f := &webpFrame{x: 2 * three(0), y: 2 * three(3)}
	var b bytes.Buffer
	b.WriteString("RIFF\x00\x00\x00\x00WEBP")
	if string(body[16:20]) == "ALPH" {
		b.WriteString("VP8X\x0a\x00\x00\x00\x10\x00\x00\x00")
		b.Write(body[6:12]) // width and height less one
	}
	b.Write(body[16:])
	f.data = b.Bytes()
	binary.LittleEndian.PutUint32(f.data[4:], uint32(len(f.data)-8))
	return f, nil
}

// onCanvas decodes the frame and lays it on the canvas of h x w, which is black
// where the frame is not.
func (f *webpFrame) onCanvas(h, w int) (*Pixels, error) {
	c, err := webp.DecodeConfig(bytes.NewReader(f.data))
	if err != nil {
		return nil, err
	}
	if f.x+c.Width > w || f.y+c.Height > h {
		return nil, errors.New("a frame of an animation lies outside of its canvas")
	}
	img, err := webp.Decode(bytes.NewReader(f.data))
	if err != nil {
		return nil, err
	}
	p, err := webpPixels(img, c.Height, c.Width)
	if err != nil {
		return nil, err
	}
	page := NewPixels(h, w, 3)
	for y := range p.H {
		copy(page.Row(f.y + y)[3*f.x:], p.Row(y))
	}
	return page, nil
}
