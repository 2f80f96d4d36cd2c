WORK sgd(SPAN(float, w), SPAN(float, v), SPAN(float, g), int n, float minus_rate, float momentum, float decay, int nesterov) {
  AT(float, w) AT(float, v) AT(float, g)
  int i = get_global_id(0);
  if (i >= n) return;
  float d = fma(decay, w[i], g[i]);
  float s = fma(momentum, v[i], d);
  v[i] = s;
  if (nesterov) s = fma(momentum, s, d);
  w[i] = fma(minus_rate, s, w[i]);
}

WORK adam(SPAN(float, w), SPAN(float, m), SPAN(float, v), SPAN(float, g), int n, float rate, float root, float b1, float b2, float eps, float decay) {
  AT(float, w) AT(float, m) AT(float, v) AT(float, g)
  int i = get_global_id(0);
  if (i >= n) return;
  float d = fma(decay, w[i], g[i]);
  float first = fma(b1, m[i], (1.0f - b1) * d);
  float second = fma(b2, v[i], ((1.0f - b2) * d) * d);
  m[i] = first;
  v[i] = second;
  w[i] = fma(rate, first / (sqrt(second) / root + eps), w[i]);
}
