package runs

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// A frame is how a journal grows: one frame holds what one commit makes durable.
//
//	magic    4 bytes  "sfrm"
//	length   4 bytes  of the payload, little-endian
//	payload  length bytes
//	sum      32 bytes SHA-256 of the session's 16 bytes, the frame's offset in
//	         the file as 8 bytes little-endian, and the payload
//
// Session and offset are part of the sum, so that blocks a file system gives back
// from another place or another file never pass for a frame.
const (
	frameMagic    = "sfrm"
	frameHead     = 8
	frameOverhead = frameHead + sha256.Size
	maxFrame      = 64 << 20
)

// errShortFrame says that data ends inside a frame: more may be on its way.
var errShortFrame = errors.New("the file ends inside a frame")

// errBadFrame says that the bytes can never become a frame.
var errBadFrame = errors.New("not a frame, or its checksum is wrong")

func frameSum(session sessionID, offset int64, payload []byte) Digest {
	var at [8]byte
	binary.LittleEndian.PutUint64(at[:], uint64(offset))
	return Sum(session[:], at[:], payload)
}

// appendFrame appends to dst the frame of payload at the given offset of a journal.
func appendFrame(dst []byte, session sessionID, offset int64, payload []byte) []byte {
	dst = append(dst, frameMagic...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(payload)))
	dst = append(dst, payload...)
	sum := frameSum(session, offset, payload)
	return append(dst, sum[:]...)
}

// parseFrame returns the payload of the frame that data begins with and the length
// of that frame, or errShortFrame or errBadFrame.
func parseFrame(data []byte, session sessionID, offset int64) (payload []byte, size int, err error) {
	if len(data) < frameHead {
		return nil, 0, errShortFrame
	}
	if string(data[:4]) != frameMagic {
		return nil, 0, errBadFrame
	}
	length := int64(binary.LittleEndian.Uint32(data[4:]))
	if length > maxFrame {
		return nil, 0, errBadFrame
	}
	if int64(len(data)) < length+frameOverhead {
		return nil, 0, errShortFrame
	}
	payload = data[frameHead : frameHead+length]
	if frameSum(session, offset, payload) != Digest(data[frameHead+length:][:sha256.Size]) {
		return nil, 0, errBadFrame
	}
	return payload, int(length) + frameOverhead, nil
}
