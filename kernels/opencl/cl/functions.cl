// The elementary functions, in the sequences of package kernels.

#define LN2_HI 0x1.62e430p-1f
#define LN2_LO -0x1.05c610p-29f

float pow2i(int n) { return as_float((uint)(n + 127) << 23); }

float exp_(float x) {
  if (x != x) return x;
  if (x > 0x1.62e42ep+6f) return INFINITE;
  if (x < -0x1.9fe368p+6f) return 0.0f;
  float n = rint(x * 0x1.715476p+0f);
  int k = (int)n;
  float r = fma(-n, LN2_HI, x);
  r = fma(-n, LN2_LO, r);
  float p = 0x1.6a107cp-10f;
  p = fma(p, r, 0x1.1245c8p-7f);
  p = fma(p, r, 0x1.55593cp-5f);
  p = fma(p, r, 0x1.555482p-3f);
  p = fma(p, r, 0x1.fffffcp-2f);
  p = fma(p, r * r, r) + 1.0f;
  int half_ = k >> 1;
  return (p * pow2i(half_)) * pow2i(k - half_);
}

float sigmoid_(float x) {
  float e = exp_(-fabs(x));
  if (x < 0.0f) return e / (1.0f + e);
  return 1.0f / (1.0f + e);
}

float tanh_(float x) {
  float a = fabs(x);
  if (x == 0.0f) return x;
  if (a < 0.625f) {
    float z = x * x;
    float p = 0x1.0ee35ap-9f;
    p = fma(p, z, -0x1.093eeap-7f);
    p = fma(p, z, 0x1.6300d8p-6f);
    p = fma(p, z, -0x1.b9e234p-5f);
    p = fma(p, z, 0x1.11102ap-3f);
    p = fma(p, z, -0x1.555552p-2f);
    return fma(p * z, x, x);
  }
  float y = 1.0f - 2.0f / (exp_(2.0f * a) + 1.0f);
  return x < 0.0f ? -y : y;
}

float log_(float x) {
  if (x != x || x < 0.0f) return NOT_A_NUMBER;
  if (x == 0.0f) return -INFINITE;
  if (x == INFINITE) return INFINITE;
  int e = 0;
  if (x < 0x1p-126f) {
    x = x * 0x1p23f;
    e = -23;
  }
  uint u = as_uint(x);
  e += (int)(u >> 23) - 127;
  float m = as_float((u & 0x007fffffu) | 0x3f800000u);
  if (m > 0x1.6a09e6p+0f) {
    m = m * 0.5f;
    e++;
  }
  float f = m - 1.0f;
  float z = f * f;
  float p = 0x1.1454c2p-4f;
  p = fma(p, f, -0x1.dfe2aep-4f);
  p = fma(p, f, 0x1.e7d510p-4f);
  p = fma(p, f, -0x1.fbf1acp-4f);
  p = fma(p, f, 0x1.2325e4p-3f);
  p = fma(p, f, -0x1.555ce6p-3f);
  p = fma(p, f, 0x1.99a584p-3f);
  p = fma(p, f, -0x1.000006p-2f);
  p = fma(p, f, 0x1.555546p-2f);
  p = (p * f) * z;
  float k = (float)e;
  p = fma(k, LN2_LO, p);
  p = fma(-0.5f, z, p);
  return fma(k, LN2_HI, f + p);
}

#define HALF_PI_0 0x1.921fb6p+0f
#define HALF_PI_1 -0x1.777a5cp-25f
#define HALF_PI_2 -0x1.ee59dap-50f
#define TWO_OVER_PI 0x1.45f306p-1f

constant uint two_over_pi[] = {0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu};

ulong pi_word(int j) { return j < 7 ? (ulong)two_over_pi[j] : 0ul; }

ulong pi_bits(int i, uint shift) { return ((pi_word(i) << 32 | pi_word(i + 1)) << shift >> 32) & 0xfffffffful; }

float large_quadrant(float x, int *turns) {
  uint u = as_uint(x);
  int e = (int)(u >> 23 & 0xffu) - 150;
  ulong m = (ulong)((u & 0x007fffffu) | 0x00800000u);
  int first = max(e - 2, 0);
  int word = first / 32;
  uint shift = (uint)(first % 32);
  ulong low = pi_bits(word + 1, shift) << 32 | pi_bits(word + 2, shift);
  ulong hi = mul_hi(m, low), lo = m * low;
  hi += m * pi_bits(word, shift);
  uint drop = (uint)(34 - min(e, 2));
  ulong fraction = hi << (64u - drop) | lo >> drop; // drop is 32 to 41
  int q = (int)(fraction >> 62);
  long part = (long)(fraction << 2);
  if (part < 0) q++;
  float high = (float)(part >> 24);
  float rest = (float)(part - ((long)high << 24));
  float a = high * 0x1p-40f, b = rest * 0x1p-64f;
  float r = fma(a, HALF_PI_0, fma(a, HALF_PI_1, b * HALF_PI_0));
  if (u >> 31 != 0u) {
    r = -r;
    q = -q;
  }
  *turns = q & 3;
  return r;
}

float quadrant(float x, int *turns) {
  if (fabs(x) < 0x1p16f) {
    float n = rint(x * TWO_OVER_PI);
    float r = fma(-n, HALF_PI_0, x);
    r = fma(-n, HALF_PI_1, r);
    r = fma(-n, HALF_PI_2, r);
    *turns = (int)n & 3;
    return r;
  }
  return large_quadrant(x, turns);
}

float sin_poly(float r) {
  float z = r * r;
  float p = 0x1.6cc022p-19f;
  p = fma(p, z, -0x1.a00f3ap-13f);
  p = fma(p, z, 0x1.111108p-7f);
  p = fma(p, z, -0x1.555556p-3f);
  return fma(p * z, r, r);
}

float cos_poly(float r) {
  float z = r * r;
  float p = -0x1.24184ap-22f;
  p = fma(p, z, 0x1.a010c8p-16f);
  p = fma(p, z, -0x1.6c16b8p-10f);
  p = fma(p, z, 0x1.555556p-5f);
  p = fma(p, z, -0.5f);
  return fma(p, z, 1.0f);
}

float sin_(float x) {
  if (x - x != 0.0f) return NOT_A_NUMBER;
  if (x == 0.0f) return x;
  int q;
  float r = quadrant(x, &q);
  float y = (q & 1) != 0 ? cos_poly(r) : sin_poly(r);
  return (q & 2) != 0 ? -y : y;
}

float cos_(float x) {
  if (x - x != 0.0f) return NOT_A_NUMBER;
  int q;
  float r = quadrant(x, &q);
  float y = (q & 1) != 0 ? sin_poly(r) : cos_poly(r);
  return ((q + 1) & 2) != 0 ? -y : y;
}

float erf_(float x) {
  float a = fabs(x);
  if (a < 1.0f) {
    float z = x * x;
    float p = -0x1.3deab2p-17f;
    p = fma(p, z, 0x1.d5ceeep-14f);
    p = fma(p, z, -0x1.bc5c76p-11f);
    p = fma(p, z, 0x1.562100p-8f);
    p = fma(p, z, -0x1.b82900p-6f);
    p = fma(p, z, 0x1.ce2f02p-4f);
    p = fma(p, z, -0x1.812746p-2f);
    p = fma(p, z, 0x1.06eba8p-3f);
    return fma(p, x, x);
  }
  float y = 1.0f;
  if (a < 3.9375f) {
    float p = -0x1.00f886p-20f;
    p = fma(p, a, 0x1.0163bcp-16f);
    p = fma(p, a, -0x1.662410p-14f);
    p = fma(p, a, -0x1.d7df80p-17f);
    p = fma(p, a, 0x1.9a3d18p-9f);
    p = fma(p, a, -0x1.800d16p-6f);
    p = fma(p, a, 0x1.b44a8ep-4f);
    p = fma(p, a, 0x1.44dec0p-1f);
    p = fma(p, a, 0x1.210b16p+0f);
    p = fma(p, a, -0x1.add346p-14f);
    y = 1.0f - exp_(-p);
  }
  if (x != x) return NOT_A_NUMBER;
  return x < 0.0f ? -y : y;
}

float gelu_(float x) { return (0.5f * x) * (1.0f + erf_(x * 0x1.6a09e6p-1f)); }

float gelu_slope(float x) {
  float phi = 0x1.988454p-2f * exp_((-0.5f * x) * x);
  return fma(x, phi, 0.5f * (1.0f + erf_(x * 0x1.6a09e6p-1f)));
}

float log1p_exp(float e) {
  float u = 1.0f + e;
  return log_(u) + (e - (u - 1.0f)) / u;
}
