// Noise2Net on many images at once, each with weights of its own. Every image has a row of eight ints for each block and
// slice: kernel size, dilation, where its weights start.

#define WIDTH 16
#define CHANNELS 64

// draw fills one tensor of every image: image r draws from sources[r], from element table[r].x on, table[r].z values within
// table[r].w (as bits), to weights + table[r].y.
WORK draw_tensor(SPAN(float, weights), SPAN(uint4, sources), SPAN(int4, table)) {
  AT(float, weights) AT(uint4, sources) AT(int4, table)
  int i = get_global_id(0), image = get_group_id(1);
  int4 t = table[image];
  if (4 * i >= t.z) return;
  uint4 s = sources[image];
  uint4 w = philox((uint4)((uint)t.x + (uint)i, 0u, s.z, s.w), s.x, s.y);
  float bound = as_float(t.w), d = bound - -bound, lo = -bound;
  four(weights + t.y, 4 * i, t.z, (float4)(fma(d, uniform24(w.x), lo), fma(d, uniform24(w.y), lo), fma(d, uniform24(w.z), lo), fma(d, uniform24(w.w), lo)));
}

// block_crosses stores the sums of products of deviations of every block, for the six pairs of planes; one work-group a
// block, second dimension the pair, third the image.
constant int pair_a[] = {0, 0, 0, 1, 1, 2};
constant int pair_b[] = {0, 1, 2, 1, 2, 2};

WORK block_crosses(SPAN(float, sums), SPAN(float, src), SPAN(float, totals), int plane, int blocks) {
  AT(float, sums) AT(float, src) AT(float, totals)
  local float lanes[GROUP];
  int b = get_group_id(0), pair = get_group_id(1), image = get_group_id(2), lane = get_local_id(0);
  int n = min(BLOCK, plane - b * BLOCK);
  float ma = totals[image * 3 + pair_a[pair]] / (float)plane, mb = totals[image * 3 + pair_b[pair]] / (float)plane;
  global const float *x = src + (image * 3 + pair_a[pair]) * plane + b * BLOCK, *y = src + (image * 3 + pair_b[pair]) * plane + b * BLOCK;
  float s = 0.0f;
  for (int j = lane; j < n; j += GROUP) s = fma(x[j] - ma, y[j] - mb, s);
  lanes[lane] = s;
  s = tree(lanes, lane);
  if (lane == 0) sums[(image * 6 + pair) * blocks + b] = s;
}

constant int pair_of[] = {0, 1, 2, 1, 3, 4, 2, 4, 5};

// entry_norms makes w1 w2 w3 b of every entry channel, its norm included; one work-item a channel of an image.
WORK entry_norms(SPAN(float, entry), SPAN(float, totals), SPAN(float, crosses), SPAN(float, weights), SPAN(int, starts), int images, int plane, float eps) {
  AT(float, entry) AT(float, totals) AT(float, crosses) AT(float, weights) AT(int, starts)
  int i = get_global_id(0), image = i / CHANNELS;
  if (image >= images) return;
  global const float *w = weights + starts[image] + 3 * (i % CHANNELS);
  float n = (float)plane, m = 0.0f, v = 0.0f;
  for (int j = 0; j < 3; j++) m = fma(w[j], totals[image * 3 + j] / n, m);
  for (int j = 0; j < 3; j++) {
    float r = 0.0f;
    for (int k = 0; k < 3; k++) r = fma(w[k], crosses[image * 6 + pair_of[3 * j + k]] / n, r);
    v = fma(w[j], r, v);
  }
  if (v < 0.0f) v = 0.0f;
  float a = 1.0f / sqrt(v + eps);
  float b = fma(-m, a, 0.0f);
  for (int k = 0; k < 3; k++) entry[4 * i + k] = w[k] * a;
  entry[4 * i + 3] = b;
}

// slice_input makes the input of slice number slice: the entry slice, plus the slice before it normed and rectified (z with
// its statistics), whose share of the exit convolution it adds to o. Slice 3 has no convolution: both shares go to o.
WORK slice_input(SPAN(float, u), SPAN(float, o), SPAN(float, src), SPAN(float, z), SPAN(float, stats), SPAN(float, entry), SPAN(float, weights),
                 SPAN(int, starts), int images, int plane, int slice, float eps) {
  AT(float, u) AT(float, o) AT(float, src) AT(float, z) AT(float, stats) AT(float, entry) AT(float, weights) AT(int, starts)
  int i = get_global_id(0), image = get_group_id(1);
  if (i >= plane) return;
  global const float *x = src + image * 3 * plane + i, *e = entry + 4 * (image * CHANNELS + slice * WIDTH);
  global const float *exits = weights + starts[image];
  float x1 = x[0], x2 = x[plane], x3 = x[2 * plane];
  o += image * 3 * plane + i;
  float o1 = 0.0f, o2 = 0.0f, o3 = 0.0f;
  if (slice > 1) {
    o1 = o[0];
    o2 = o[plane];
    o3 = o[2 * plane];
  }
  for (int c = 0; slice > 0 && c < WIDTH; c++) {
    int at = image * WIDTH + c, from = (slice - 1) * WIDTH + c;
    float a = 1.0f / sqrt(stats[images * WIDTH + at] + eps);
    float y = relu(fma(z[at * plane + i], a, fma(-stats[at], a, 0.0f)));
    o1 = fma(exits[from], y, o1);
    o2 = fma(exits[CHANNELS + from], y, o2);
    o3 = fma(exits[2 * CHANNELS + from], y, o3);
    if (slice < 3) u[at * plane + i] = y;
  }
  for (int c = 0; c < WIDTH; c++) {
    int at = image * WIDTH + c, from = slice * WIDTH + c;
    float h = fma(e[4 * c], x1, e[4 * c + 3]);
    h = fma(e[4 * c + 1], x2, h);
    h = relu(fma(e[4 * c + 2], x3, h));
    if (slice < 3) {
      u[at * plane + i] = slice == 0 ? h : u[at * plane + i] + h;
    } else {
      o1 = fma(exits[from], h, o1);
      o2 = fma(exits[CHANNELS + from], h, o2);
      o3 = fma(exits[2 * CHANNELS + from], h, o3);
    }
  }
  if (slice > 0) {
    o[0] = o1;
    o[plane] = o2;
    o[2 * plane] = o3;
  }
}

// slice_conv convolves u to z, 16 to 16 channels; a work-item computes all channels of one pixel. shapes holds kernel size,
// dilation and the weights' start of each image.
WORK slice_conv(SPAN(float, z), SPAN(float, u), SPAN(float, weights), SPAN(int4, shapes), int height, int width) {
  AT(float, z) AT(float, u) AT(float, weights) AT(int4, shapes)
  local float panel[WIDTH * 9 * WIDTH]; // term by output channel
  int i = get_global_id(0), image = get_group_id(1), lane = get_local_id(0), plane = height * width;
  int4 shape = shapes[image];
  int size = shape.x, area = size * size, reach = size / 2 * shape.y, y = i / width, x = i % width, terms = WIDTH * area;
  global const float *w = weights + shape.z;
  for (int k = lane; k < terms * WIDTH; k += GROUP) panel[k % terms * WIDTH + k / terms] = w[k];
  barrier(CLK_LOCAL_MEM_FENCE);
  if (i >= plane) return;
  u += image * WIDTH * plane;
  float16 s = (float16)(0.0f);
  for (int c = 0, k = 0; c < WIDTH; c++)
    for (int ky = 0; ky < size; ky++) {
      int yy = y + ky * shape.y - reach;
      for (int kx = 0; kx < size; kx++, k++) {
        int xx = x + kx * shape.y - reach;
        float v = (uint)yy < (uint)height && (uint)xx < (uint)width ? u[c * plane + yy * width + xx] : 0.0f;
        s = fma(vload16(k, panel), (float16)(v), s);
      }
    }
  float out[WIDTH];
  vstore16(s, 0, out);
  for (int c = 0; c < WIDTH; c++) z[(image * WIDTH + c) * plane + i] = out[c];
}

// add_noise adds epsilon times the normed exit planes to the images; an image whose epsilon is 0 stays as it is.
WORK add_noise(SPAN(float, dst), SPAN(float, o), SPAN(float, stats), SPAN(float, epsilon), int images, int plane, float eps) {
  AT(float, dst) AT(float, o) AT(float, stats) AT(float, epsilon)
  int i = get_global_id(0), p = get_group_id(1);
  if (i >= plane) return;
  float strength = epsilon[p / 3];
  if (strength == 0.0f) return;
  float a = 1.0f / sqrt(stats[3 * images + p] + eps);
  float b = fma(-stats[p], a, 0.0f);
  dst[p * plane + i] = dst[p * plane + i] + fma(o[p * plane + i], strength * a, strength * b);
}
