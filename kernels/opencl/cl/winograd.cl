// Winograd's F(2x2, 3x3): Conv2DWinograd of package kernels.
//
// Transforms go down columns first, then along rows. The 16 products between them are matrix products of conv.cl: values of
// tiles are [16, channels, tiles], weights [16, output channels, input channels].

// put stores four values, plane apart.
void put(global float *to, int plane, float v0, float v1, float v2, float v3) {
  to[0] = v0;
  to[plane] = v1;
  to[2 * plane] = v2;
  to[3 * plane] = v3;
}

WORK winograd_weights(SPAN(float, dst), SPAN(float, weight), int n) {
  AT(float, dst) AT(float, weight)
  int at = get_global_id(0);
  if (at >= n) return;
  weight += 9 * at;
  float u[4][3];
  for (int j = 0; j < 3; j++) {
    float s = weight[j] + weight[6 + j];
    u[0][j] = weight[j];
    u[1][j] = (s + weight[3 + j]) * 0.5f;
    u[2][j] = (s - weight[3 + j]) * 0.5f;
    u[3][j] = weight[6 + j];
  }
  for (int i = 0; i < 4; i++) {
    float s = u[i][0] + u[i][2];
    put(dst + 4 * i * n + at, n, u[i][0], (s + u[i][1]) * 0.5f, (s - u[i][1]) * 0.5f, u[i][2]);
  }
}

// winograd_input reads what count tiles from first on read of a channel; a row of dst has room for pitch tiles.
WORK winograd_input(SPAN(float, dst), SPAN(float, src), int channels, int first, int count, int pitch, int across, int down, int height,
                    int width, int top, int left) {
  AT(float, dst) AT(float, src)
  int at = get_global_id(0), channel = get_group_id(1);
  if (at >= count) return;
  int tile = first + at, x = tile % across * 2 - left, y = tile / across % down * 2 - top;
  src += (tile / across / down * channels + channel) * height * width;
  float d[4][4];
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) {
      bool inside = (uint)(y + i) < (uint)height && (uint)(x + j) < (uint)width;
      d[i][j] = inside ? src[(y + i) * width + x + j] : 0.0f;
    }
  float v[4][4];
  for (int j = 0; j < 4; j++) {
    v[0][j] = d[0][j] - d[2][j];
    v[1][j] = d[1][j] + d[2][j];
    v[2][j] = d[2][j] - d[1][j];
    v[3][j] = d[1][j] - d[3][j];
  }
  int plane = channels * pitch;
  dst += channel * pitch + at;
  for (int i = 0; i < 4; i++) put(dst + 4 * i * plane, plane, v[i][0] - v[i][2], v[i][1] + v[i][2], v[i][2] - v[i][1], v[i][1] - v[i][3]);
}

// winograd_output makes outputs from the products of count tiles from first on.
WORK winograd_output(SPAN(float, dst), SPAN(float, src), SPAN(float, bias), int has_bias, int channels, int first, int count, int pitch,
                     int across, int down, int height, int width) {
  AT(float, dst) AT(float, src) AT(float, bias)
  int at = get_global_id(0), channel = get_group_id(1);
  if (at >= count) return;
  int tile = first + at, x = tile % across * 2, y = tile / across % down * 2, plane = channels * pitch;
  src += channel * pitch + at;
  float p[2][4];
  for (int j = 0; j < 4; j++) {
    float m0 = src[j * plane], m1 = src[(4 + j) * plane], m2 = src[(8 + j) * plane], m3 = src[(12 + j) * plane];
    p[0][j] = (m0 + m1) + m2;
    p[1][j] = (m1 - m2) - m3;
  }
  dst += ((tile / across / down * channels + channel) * height + y) * width + x;
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) {
      if (y + i >= height || x + j >= width) continue;
      float v = j == 0 ? (p[i][0] + p[i][1]) + p[i][2] : (p[i][1] - p[i][2]) - p[i][3];
      dst[i * width + j] = has_bias ? v + bias[channel] : v;
    }
}
