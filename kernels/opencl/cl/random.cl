// Random numbers: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011). A source is four words: key, then row.

uint4 philox(uint4 c, uint k0, uint k1) {
  for (int i = 0; i < 10; i++) {
    uint hi0 = mul_hi(0xD2511F53u, c.x), lo0 = 0xD2511F53u * c.x;
    uint hi1 = mul_hi(0xCD9E8D57u, c.z), lo1 = 0xCD9E8D57u * c.z;
    c = (uint4)(hi1 ^ c.y ^ k0, lo1, hi0 ^ c.w ^ k1, lo0);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return c;
}

float uniform24(uint w) { return (float)(w >> 8) * 0x1p-24f; }
float uniform23(uint w) { return ((float)(w >> 9) + 0.5f) * 0x1p-23f; }

// four stores up to four values.
void four(global float *dst, int i, int n, float4 v) {
  if (i < n) dst[i] = v.x;
  if (i + 1 < n) dst[i + 1] = v.y;
  if (i + 2 < n) dst[i + 2] = v.z;
  if (i + 3 < n) dst[i + 3] = v.w;
}

WORK ranges(SPAN(float, dst), int n, uint first, uint k0, uint k1, uint r0, uint r1, float d, float lo) {
  AT(float, dst)
  int i = get_global_id(0);
  if (4 * i >= n) return;
  uint4 w = philox((uint4)(first + (uint)i, 0u, r0, r1), k0, k1);
  four(dst, 4 * i, n, (float4)(fma(d, uniform24(w.x), lo), fma(d, uniform24(w.y), lo), fma(d, uniform24(w.z), lo), fma(d, uniform24(w.w), lo)));
}

float2 box_muller(uint w0, uint w1) {
  float r = sqrt(-2.0f * log_(uniform23(w0)));
  float a = 0x1.921fb6p+2f * uniform24(w1);
  return (float2)(r * cos_(a), r * sin_(a));
}

WORK normals(SPAN(float, dst), int n, uint first, uint k0, uint k1, uint r0, uint r1) {
  AT(float, dst)
  int i = get_global_id(0);
  if (4 * i >= n) return;
  uint4 w = philox((uint4)(first + (uint)i, 0u, r0, r1), k0, k1);
  float2 a = box_muller(w.x, w.y), b = box_muller(w.z, w.w);
  four(dst, 4 * i, n, (float4)(a, b));
}

// dropout: row r of each values has the source sources[r].
WORK dropout(SPAN(float, dst), SPAN(float, src), SPAN(uint4, sources), int n, int each, float prob, float scale) {
  AT(float, dst) AT(float, src) AT(uint4, sources)
  int i = get_global_id(0);
  if (i >= n) return;
  uint4 s = sources[i / each];
  int j = i % each;
  uint4 w = philox((uint4)((uint)(j / 4), 0u, s.z, s.w), s.x, s.y);
  uint word = j % 4 == 0 ? w.x : j % 4 == 1 ? w.y : j % 4 == 2 ? w.z : w.w;
  dst[i] = uniform24(word) >= prob ? src[i] * scale : 0.0f;
}
