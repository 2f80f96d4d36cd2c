// Convolutions and products as implicit matrix products.
//
// Rows are output channels of a group, columns output positions, and the terms of a column stand in a table: for term k
// the distance in the source from the column's place, the rows and columns of the image that it goes down and to the
// right, and the distance in the weights. A term that leaves the image is +0. One accumulator an element, terms ascending.

#define ROWS 16  // output channels a work-item computes
#define COLUMNS 2 // positions a work-item computes
#define TERMS 32 // terms whose weights lie in local memory at a time

typedef struct {
  int base, y, x;
} place;

// locate returns where a column reads for a term that goes nowhere; columns past the last read outside the image.
place locate(int column, int count, int out_h, int out_w, int stride_h, int stride_w, int y0, int x0, int width, int image) {
  place p;
  if (column >= count) {
    p.base = 0;
    p.y = p.x = -0x40000000;
    return p;
  }
  int n = column / (out_h * out_w), r = column % (out_h * out_w);
  p.y = r / out_w * stride_h + y0;
  p.x = r % out_w * stride_w + x0;
  p.base = n * image + p.y * width + p.x;
  return p;
}

float term(global const float *src, place p, int4 tap, int height, int width) {
  bool inside = (uint)(p.y + tap.y) < (uint)height && (uint)(p.x + tap.z) < (uint)width;
  return inside ? src[p.base + tap.x] : 0.0f;
}

WORK conv_tile(SPAN(float, dst), SPAN(float, src), SPAN(float, weight), SPAN(float, bias), SPAN(int4, taps), int has_bias,
               int rows, int terms, int count, int out_h, int out_w, int stride_h, int stride_w, int y0, int x0, int height, int width,
               int src_image, int src_group, int weight_group, int weight_row, int dst_image, int dst_group, int dst_row,
               int dst_width, int dst_y, int dst_x, int dst_step_y, int dst_step_x) {
  AT(float, dst) AT(float, src) AT(float, weight) AT(float, bias) AT(int4, taps)
  local float panel[TERMS * ROWS];
  int lane = get_local_id(0), first = get_group_id(1) * ROWS, group = get_group_id(2);
  int column = get_group_id(0) * GROUP * COLUMNS + lane;
  src += group * src_group;
  weight += group * weight_group + first * weight_row;
  place p0 = locate(column, count, out_h, out_w, stride_h, stride_w, y0, x0, width, src_image);
  place p1 = locate(column + GROUP, count, out_h, out_w, stride_h, stride_w, y0, x0, width, src_image);
  int here = min(ROWS, rows - first);
  float16 s0 = (float16)(0.0f), s1 = (float16)(0.0f);
  for (int k0 = 0; k0 < terms; k0 += TERMS) {
    int part = min(TERMS, terms - k0);
    for (int i = lane; i < TERMS * ROWS; i += GROUP) {
      int k = i % TERMS, m = i / TERMS;
      panel[k * ROWS + m] = k < part && m < here ? weight[m * weight_row + taps[k0 + k].w] : 0.0f;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = 0; k < part; k++) {
      int4 tap = taps[k0 + k];
      float16 w = vload16(k, panel);
      s0 = fma(w, (float16)(term(src, p0, tap, height, width)), s0);
      s1 = fma(w, (float16)(term(src, p1, tap, height, width)), s1);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  dst += group * dst_group + first * dst_row;
  for (int j = 0; j < COLUMNS; j++) {
    int c = column + j * GROUP;
    if (c >= count) continue;
    int n = c / (out_h * out_w), r = c % (out_h * out_w);
    int at = n * dst_image + (r / out_w * dst_step_y + dst_y) * dst_width + r % out_w * dst_step_x + dst_x;
    float out[ROWS];
    vstore16(j == 0 ? s0 : s1, 0, out);
    for (int m = 0; m < here; m++)
      dst[at + m * dst_row] = has_bias ? out[m] + bias[group * rows + first + m] : out[m];
  }
}

// conv_single computes one element a work-item: for groups of few channels, of which a tile would waste most.
WORK conv_single(SPAN(float, dst), SPAN(float, src), SPAN(float, weight), SPAN(float, bias), SPAN(int4, taps), int has_bias,
                 int rows, int terms, int count, int out_h, int out_w, int stride_h, int stride_w, int y0, int x0, int height, int width,
                 int src_image, int src_group, int weight_group, int weight_row, int dst_image, int dst_group, int dst_row,
                 int dst_width, int dst_y, int dst_x, int dst_step_y, int dst_step_x) {
  AT(float, dst) AT(float, src) AT(float, weight) AT(float, bias) AT(int4, taps)
  int column = get_global_id(0), row = get_group_id(1), group = get_group_id(2);
  if (column >= count) return;
  src += group * src_group;
  weight += group * weight_group + row * weight_row;
  place p = locate(column, count, out_h, out_w, stride_h, stride_w, y0, x0, width, src_image);
  float s = 0.0f;
  for (int k = 0; k < terms; k++) {
    int4 tap = taps[k];
    s = fma(weight[tap.w], term(src, p, tap, height, width), s);
  }
  if (has_bias) s = s + bias[group * rows + row];
  int n = column / (out_h * out_w), r = column % (out_h * out_w);
  dst[n * dst_image + group * dst_group + row * dst_row + (r / out_w * dst_step_y + dst_y) * dst_width + r % out_w * dst_step_x + dst_x] = s;
}

// conv_grad computes chunks of 1,024 positions of a weight gradient: rows are output channels, columns the terms of a
// filter, and the chain runs over positions. part is [chunks, groups, rows, columns].
WORK conv_grad(SPAN(float, part), SPAN(float, dy), SPAN(float, src), SPAN(int4, taps), int rows, int columns, int count, int first_chunk,
               int groups, int out_h, int out_w, int stride_h, int stride_w, int y0, int x0, int height, int width,
               int src_image, int src_group, int dy_image, int dy_group, int dy_row) {
  AT(float, part) AT(float, dy) AT(float, src) AT(int4, taps)
  local float panel[TERMS * ROWS];
  local int base[TERMS], down[TERMS], right[TERMS];
  int lane = get_local_id(0), first = get_group_id(1) * ROWS, group = get_group_id(2) % groups, chunk = get_group_id(2) / groups;
  int column = get_group_id(0) * GROUP + lane;
  bool active = column < columns;
  int4 tap = active ? taps[column] : (int4)(0, -0x40000000, -0x40000000, 0);
  src += group * src_group;
  dy += group * dy_group + first * dy_row;
  int here = min(ROWS, rows - first), plane = out_h * out_w;
  int from = (first_chunk + chunk) * 1024, to = min(from + 1024, count);
  float16 s = (float16)(0.0f);
  for (int k0 = from; k0 < to; k0 += TERMS) {
    int length = min(TERMS, to - k0);
    for (int i = lane; i < TERMS * ROWS; i += GROUP) {
      int k = i % TERMS, m = i / TERMS, position = k0 + k;
      panel[k * ROWS + m] = k < length && m < here ? dy[position / plane * dy_image + m * dy_row + position % plane] : 0.0f;
    }
    if (lane < length) {
      place p = locate(k0 + lane, count, out_h, out_w, stride_h, stride_w, y0, x0, width, src_image);
      base[lane] = p.base;
      down[lane] = p.y;
      right[lane] = p.x;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = 0; k < length; k++) {
      place p;
      p.base = base[k];
      p.y = down[k];
      p.x = right[k];
      s = fma(vload16(k, panel), (float16)(term(src, p, tap, height, width)), s);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (!active) return;
  float out[ROWS];
  vstore16(s, 0, out);
  part += ((chunk * groups + group) * rows + first) * columns + column;
  for (int m = 0; m < here; m++) part[m * columns] = out[m];
}

// add_chunks adds the chunks' results in ascending order, onto dw where it goes on.
WORK add_chunks(SPAN(float, dw), SPAN(float, part), int n, int chunks, int go_on) {
  AT(float, dw) AT(float, part)
  int i = get_global_id(0);
  if (i >= n) return;
  float s = go_on ? dw[i] : part[i];
  for (int c = go_on ? 0 : 1; c < chunks; c++) s = s + part[c * n + i];
  dw[i] = s;
}
