// What a device's arithmetic must show before it is used; see probe.go.

WORK probe(SPAN(float, dst), SPAN(float, a), SPAN(float, b), SPAN(float, c), int n) {
  AT(float, dst) AT(float, a) AT(float, b) AT(float, c)
  int i = get_global_id(0);
  if (i >= n) return;
  dst[i] = a[i] * b[i] + c[i];
  dst[n + i] = fma(a[i], b[i], c[i]);
  dst[2 * n + i] = a[i] / b[i];
  dst[3 * n + i] = sqrt(a[i]);
  dst[4 * n + i] = a[i] * b[i];
  dst[5 * n + i] = rint(a[i]);
}
