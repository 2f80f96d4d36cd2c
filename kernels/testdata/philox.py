"""The random numbers of package kernels, written a second time: Philox4x32-10 keyed by digests."""
import hashlib
import struct

import numpy as np


def key(kind, version, seed, purpose, draw):
    def text(s):
        return struct.pack("<Q", len(s)) + s.encode()

    b = b"shiftmill/philox/1" + text(kind) + struct.pack("<QQ", version, seed) + text(purpose) + struct.pack("<Q", draw)
    return struct.unpack("<II", hashlib.sha256(b).digest()[:8])


def words(k, row, first, count):
    """The four words of the elements first .. first+count-1 of a row."""
    mask = np.uint64(0xFFFFFFFF)
    h = struct.unpack("<Q", hashlib.sha256(row.encode()).digest()[:8])[0]
    c = [np.arange(first, first + count, dtype=np.uint64), np.zeros(count, np.uint64)]
    c += [np.full(count, h & 0xFFFFFFFF, np.uint64), np.full(count, h >> 32, np.uint64)]
    k0, k1 = k
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), p1 & mask, (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), p0 & mask]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, 1).astype(np.uint32)


def ranges(k, row, first, n, lo, hi):
    """Source.Ranges, within a rounding of float32."""
    u = (words(k, row, first, (n + 3) // 4).reshape(-1)[:n] >> 8).astype(np.float64) * 2.0**-24
    lo, hi = np.float32(lo), np.float32(hi)
    return (float(hi - lo) * u + float(lo)).astype(np.float32)


def values(name, n):
    """testValues of the Go tests, without special values."""
    return ranges(key("test", 1, 1, name, 0), "", 0, n, -1, 1)
