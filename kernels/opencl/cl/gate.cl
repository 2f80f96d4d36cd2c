// Gates: factors for planes and for pixels, and their gradients.

WORK scale_planes(SPAN(float, dst), SPAN(float, src), SPAN(float, factors), int n, int plane) {
  AT(float, dst) AT(float, src) AT(float, factors)
  int i = get_global_id(0);
  if (i < n) dst[i] = src[i] * factors[i / plane];
}

// block_products stores the sum of products of every block; one work-group a block, blocks of them a plane.
WORK block_products(SPAN(float, sums), SPAN(float, a), SPAN(float, b), int blocks, int plane) {
  AT(float, sums) AT(float, a) AT(float, b)
  local float lanes[GROUP];
  int i = get_group_id(0), lane = get_local_id(0), from = i / blocks * plane + i % blocks * BLOCK, n = min(BLOCK, plane - i % blocks * BLOCK);
  float s = 0.0f;
  for (int j = lane; j < n; j += GROUP) s = fma(a[from + j], b[from + j], s);
  lanes[lane] = s;
  s = tree(lanes, lane);
  if (lane == 0) sums[i] = s;
}

WORK scale_pixels(SPAN(float, dst), SPAN(float, src), SPAN(float, factors), int n, int channels, int plane) {
  AT(float, dst) AT(float, src) AT(float, factors)
  int i = get_global_id(0);
  if (i < n) dst[i] = src[i] * factors[i / (channels * plane) * plane + i % plane];
}

WORK pixel_products(SPAN(float, dst), SPAN(float, a), SPAN(float, b), int n, int channels, int plane) {
  AT(float, dst) AT(float, a) AT(float, b)
  int i = get_global_id(0);
  if (i >= n) return;
  int at = i / plane * channels * plane + i % plane;
  float s = 0.0f;
  for (int c = 0; c < channels; c++) s = fma(a[at + c * plane], b[at + c * plane], s);
  dst[i] = s;
}

WORK channel_pool(SPAN(float, dst), SPAN(float, index), SPAN(float, src), int n, int channels, int plane) {
  AT(float, dst) AT(float, index) AT(float, src)
  int i = get_global_id(0);
  if (i >= n) return;
  global const float *x = src + i / plane * channels * plane + i % plane;
  float m = x[0], s = 0.0f;
  int best = 0;
  for (int c = 0; c < channels; c++) {
    float v = x[c * plane];
    s = s + v;
    if (v > m || (v != v && m == m)) {
      m = v;
      best = c;
    }
  }
  int at = i / plane * 2 * plane + i % plane;
  dst[at] = m;
  dst[at + plane] = s / (float)channels;
  index[i] = (float)best;
}

WORK channel_pool_back(SPAN(float, dx), SPAN(float, dy), SPAN(float, index), int n, int channels, int plane) {
  AT(float, dx) AT(float, dy) AT(float, index)
  int i = get_global_id(0);
  if (i >= n) return;
  int image = i / (channels * plane), c = i / plane % channels, p = i % plane;
  float d = dy[(2 * image + 1) * plane + p] / (float)channels;
  if (index[image * plane + p] == (float)c) d = d + dy[2 * image * plane + p];
  dx[i] = d;
}
