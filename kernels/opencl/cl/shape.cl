// Operations that move values.

WORK clear(SPAN(float, dst), int n) {
  AT(float, dst)
  int i = get_global_id(0);
  if (i < n) dst[i] = 0.0f;
}

// copy_rows copies rows of width values.
WORK copy_rows(SPAN(float, dst), SPAN(float, src), int n, int width, int to, int to_pitch, int from, int from_pitch) {
  AT(float, dst) AT(float, src)
  int i = get_global_id(0);
  if (i >= n) return;
  dst[to + i / width * to_pitch + i % width] = src[from + i / width * from_pitch + i % width];
}

// shuffle moves between [n, c*r*r, h, w] and [n, c, h*r, w*r]; i is the fine place.
WORK shuffle_pixels(SPAN(float, dst), SPAN(float, src), int n, int h, int w, int r, int back) {
  AT(float, dst) AT(float, src)
  int i = get_global_id(0);
  if (i >= n) return;
  int x = i % (w * r), y = i / (w * r) % (h * r), channel = i / (w * r * h * r);
  int coarse = (((channel * r + y % r) * r + x % r) * h + y / r) * w + x / r;
  if (back) dst[coarse] = src[i];
  else dst[i] = src[coarse];
}

WORK upsample_pixels(SPAN(float, dst), SPAN(float, src), int n, int w, int r) {
  AT(float, dst) AT(float, src)
  int i = get_global_id(0);
  if (i >= n) return;
  dst[i] = src[i / (w * r) / r * w + i % (w * r) / r];
}

WORK upsample_back(SPAN(float, dx), SPAN(float, dy), int n, int w, int r) {
  AT(float, dx) AT(float, dy)
  int i = get_global_id(0);
  if (i >= n) return;
  float s = 0.0f;
  for (int y = 0; y < r; y++)
    for (int x = 0; x < r; x++) s = s + dy[(i / w * r + y) * w * r + i % w * r + x];
  dx[i] = s;
}

int mirrored(int i, int n) { return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i; }

WORK reflect(SPAN(float, dst), SPAN(float, src), int n, int h, int w, int top, int left, int padded_h, int padded_w) {
  AT(float, dst) AT(float, src)
  int i = get_global_id(0);
  if (i >= n) return;
  int x = i % padded_w - left, y = i / padded_w % padded_h - top, p = i / (padded_w * padded_h);
  dst[i] = src[(p * h + mirrored(y, h)) * w + mirrored(x, w)];
}

// The padded rows or columns that show place i of n: before, itself, behind, in ascending order.
int shown(int turn, int i, int n, int before, int after) {
  if (turn == 1) return i;
  if (turn == 0) return i > 0 && i <= before ? -i : INT_MAX;
  int j = 2 * n - 2 - i;
  return j >= n && j < n + after ? j : INT_MAX;
}

WORK reflect_back(SPAN(float, dx), SPAN(float, dy), int n, int h, int w, int top, int bottom, int left, int right) {
  AT(float, dx) AT(float, dy)
  int i = get_global_id(0);
  if (i >= n) return;
  int x = i % w, y = i / w % h, p = i / (w * h), pitch = w + left + right;
  float s = 0.0f;
  for (int a = 0; a < 3; a++) {
    int row = shown(a, y, h, top, bottom);
    if (row == INT_MAX) continue;
    for (int b = 0; b < 3; b++) {
      int column = shown(b, x, w, left, right);
      if (column != INT_MAX) s = s + dy[(p * (h + top + bottom) + row + top) * pitch + column + left];
    }
  }
  dx[i] = s;
}
