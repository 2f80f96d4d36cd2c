// Pooling. One work-item an element; gradients gather from the windows that hold it, in ascending order of windows.

WORK max_pool(SPAN(float, dst), SPAN(float, index), SPAN(float, src), int n, int h, int w, int out_h, int out_w, int kh, int kw, int stride_h,
              int stride_w, int pad_h, int pad_w) {
  AT(float, dst) AT(float, index) AT(float, src)
  int i = get_global_id(0);
  if (i >= n) return;
  int p = i / (out_h * out_w), oy = i / out_w % out_h, ox = i % out_w;
  global const float *x = src + p * h * w;
  int y0 = max(oy * stride_h - pad_h, 0), y1 = min(oy * stride_h - pad_h + kh, h);
  int x0 = max(ox * stride_w - pad_w, 0), x1 = min(ox * stride_w - pad_w + kw, w);
  int best = y0 * w + x0;
  float m = x[best];
  for (int y = y0; y < y1; y++)
    for (int c = x0; c < x1; c++) {
      float v = x[y * w + c];
      if (v > m || (v != v && m == m)) {
        m = v;
        best = y * w + c;
      }
    }
  dst[i] = m;
  index[i] = (float)best;
}

WORK max_pool_back(SPAN(float, dx), SPAN(float, dy), SPAN(float, index), int n, int h, int w, int out_h, int out_w, int kh, int kw, int stride_h,
                   int stride_w, int pad_h, int pad_w) {
  AT(float, dx) AT(float, dy) AT(float, index)
  int i = get_global_id(0);
  if (i >= n) return;
  int p = i / (h * w), y = i / w % h, x = i % w;
  int y0 = max(0, (y + pad_h - kh + stride_h) / stride_h), y1 = min(out_h - 1, (y + pad_h) / stride_h);
  int x0 = max(0, (x + pad_w - kw + stride_w) / stride_w), x1 = min(out_w - 1, (x + pad_w) / stride_w);
  float here = (float)(y * w + x), s = 0.0f;
  for (int oy = y0; oy <= y1; oy++)
    for (int ox = x0; ox <= x1; ox++) {
      int j = (p * out_h + oy) * out_w + ox;
      if (index[j] == here) s = s + dy[j];
    }
  dx[i] = s;
}

// window returns the rows or columns [x, y) of output o: of a fixed window, or of adaptive pooling where k is 0.
int2 window(int o, int out, int k, int stride, int pad, int size) {
  if (k == 0) return (int2)(o * size / out, ((o + 1) * size + out - 1) / out);
  return (int2)(max(o * stride - pad, 0), min(o * stride - pad + k, size));
}

float divisor(int kh, int kw, int exclude, int2 rows, int2 columns) {
  return (float)(exclude || kh == 0 ? (rows.y - rows.x) * (columns.y - columns.x) : kh * kw);
}

WORK avg_pool(SPAN(float, dst), SPAN(float, src), int n, int h, int w, int out_h, int out_w, int kh, int kw, int stride_h, int stride_w, int pad_h,
              int pad_w, int exclude) {
  AT(float, dst) AT(float, src)
  int i = get_global_id(0);
  if (i >= n) return;
  int p = i / (out_h * out_w);
  int2 rows = window(i / out_w % out_h, out_h, kh, stride_h, pad_h, h), columns = window(i % out_w, out_w, kw, stride_w, pad_w, w);
  global const float *x = src + p * h * w;
  float s = 0.0f;
  for (int y = rows.x; y < rows.y; y++)
    for (int c = columns.x; c < columns.y; c++) s = s + x[y * w + c];
  dst[i] = s / divisor(kh, kw, exclude, rows, columns);
}

WORK avg_pool_back(SPAN(float, dx), SPAN(float, dy), int n, int h, int w, int out_h, int out_w, int kh, int kw, int stride_h, int stride_w, int pad_h,
                   int pad_w, int exclude) {
  AT(float, dx) AT(float, dy)
  int i = get_global_id(0);
  if (i >= n) return;
  int p = i / (h * w), y = i / w % h, x = i % w;
  int y0 = 0, y1 = out_h - 1, x0 = 0, x1 = out_w - 1;
  if (kh > 0) {
    y0 = max(0, (y + pad_h - kh + stride_h) / stride_h);
    y1 = min(out_h - 1, (y + pad_h) / stride_h);
    x0 = max(0, (x + pad_w - kw + stride_w) / stride_w);
    x1 = min(out_w - 1, (x + pad_w) / stride_w);
  } else {
    y0 = max(0, y * out_h / h - 1);
    x0 = max(0, x * out_w / w - 1);
  }
  float s = 0.0f;
  for (int oy = y0; oy <= y1; oy++) {
    int2 rows = window(oy, out_h, kh, stride_h, pad_h, h);
    if (y < rows.x) break;
    if (y >= rows.y) continue;
    for (int ox = x0; ox <= x1; ox++) {
      int2 columns = window(ox, out_w, kw, stride_w, pad_w, w);
      if (x < columns.x) break;
      if (x >= columns.y) continue;
      s = s + dy[(p * out_h + oy) * out_w + ox] / divisor(kh, kw, exclude, rows, columns);
    }
  }
  dx[i] = s;
}
