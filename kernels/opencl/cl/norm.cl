// Norms. A set is the values that share a mean: count planes, the first at plane set*set_step of the tensor, the others
// plane_step planes apart. Sums go by blocks of 1,024 within a plane.

global const float *block_of(global const float *x, int i, int count, int blocks, int plane, int set_step, int plane_step, int *length) {
  int set = i / (count * blocks), p = i / blocks % count, b = i % blocks;
  *length = min(BLOCK, plane - b * BLOCK);
  return x + (set * set_step + p * plane_step) * plane + b * BLOCK;
}

// block_moments stores the sum of every block and its squared deviations from its own mean; one work-group a block.
WORK block_moments(SPAN(float, sums), SPAN(float, src), int count, int blocks, int plane, int set_step, int plane_step) {
  AT(float, sums) AT(float, src)
  local float lanes[GROUP];
  int i = get_group_id(0), lane = get_local_id(0), n;
  global const float *x = block_of(src, i, count, blocks, plane, set_step, plane_step, &n);
  float total = block_sum(x, n, lanes, lane);
  float mu = total / (float)n, q = 0.0f;
  for (int j = lane; j < n; j += GROUP) {
    float d = x[j] - mu;
    q = fma(d, d, q);
  }
  lanes[lane] = q;
  q = tree(lanes, lane);
  if (lane == 0) {
    sums[i] = total;
    sums[get_num_groups(0) + i] = q;
  }
}

// block_sums stores the sum of every block.
WORK block_sums(SPAN(float, sums), SPAN(float, src), int count, int blocks, int plane, int set_step, int plane_step) {
  AT(float, sums) AT(float, src)
  local float lanes[GROUP];
  int i = get_group_id(0), lane = get_local_id(0), n;
  global const float *x = block_of(src, i, count, blocks, plane, set_step, plane_step, &n);
  float total = block_sum(x, n, lanes, lane);
  if (lane == 0) sums[i] = total;
}

// add_blocks stores the sum of each set's blocks; one work-group a set. scratch has spare values for each set.
WORK add_blocks(SPAN(float, dst), SPAN(float, sums), SPAN(float, scratch), int each, int spare) {
  AT(float, dst) AT(float, sums) AT(float, scratch)
  local float lanes[GROUP];
  int set = get_group_id(0), lane = get_local_id(0);
  float s = sum(sums + set * each, each, scratch + set * spare, lanes, lane);
  if (lane == 0) dst[set] = s;
}

// moments stores mean and biased variance of each set of n values, all means first; one work-group a set.
WORK moments(SPAN(float, stats), SPAN(float, sums), SPAN(float, scratch), int each, int spare, int blocks, int plane, float n) {
  AT(float, stats) AT(float, sums) AT(float, scratch)
  local float lanes[GROUP];
  int set = get_group_id(0), sets = get_num_groups(0), lane = get_local_id(0);
  global float *total = sums + set * each, *square = sums + (sets + set) * each;
  scratch += set * spare;
  float mean = sum(total, each, scratch, lanes, lane) / n;
  for (int j = lane; j < each; j += GROUP) {
    float m = (float)min(BLOCK, plane - j % blocks * BLOCK);
    float d = total[j] / m - mean;
    square[j] = fma(m * d, d, square[j]);
  }
  barrier(CLK_GLOBAL_MEM_FENCE);
  float variance = sum(square, each, scratch, lanes, lane) / n;
  if (lane == 0) {
    stats[set] = mean;
    stats[sets + set] = variance;
  }
}

// set_of tells the set of a plane: its channel in a batch norm (each is 0), else one of each planes side by side.
int set_of(int plane_number, int channels, int each) { return each == 0 ? plane_number % channels : plane_number / each; }

// normalise stores gamma*xhat + beta; without gamma it is xhat.
WORK normalise(SPAN(float, dst), SPAN(float, src), SPAN(float, gamma), SPAN(float, beta), SPAN(float, mean), SPAN(float, variance),
               int has_gamma, int n, int channels, int plane, int each, float eps) {
  AT(float, dst) AT(float, src) AT(float, gamma) AT(float, beta) AT(float, mean) AT(float, variance)
  int i = get_global_id(0);
  if (i >= n) return;
  int p = i / plane, ch = p % channels, set = set_of(p, channels, each);
  float g = has_gamma ? gamma[ch] : 1.0f, h = has_gamma ? beta[ch] : 0.0f;
  float a = g / sqrt(variance[set] + eps);
  float b = fma(-mean[set], a, h);
  dst[i] = fma(src[i], a, b);
}

// block_slopes stores the sums of dy and of dy*(x-mean) of every block.
WORK block_slopes(SPAN(float, sums), SPAN(float, dy), SPAN(float, src), SPAN(float, mean), int count, int blocks, int plane, int set_step,
                  int plane_step, int means_each) {
  AT(float, sums) AT(float, dy) AT(float, src) AT(float, mean)
  local float lanes[GROUP];
  int i = get_group_id(0), lane = get_local_id(0), n;
  global const float *d = block_of(dy, i, count, blocks, plane, set_step, plane_step, &n);
  global const float *x = block_of(src, i, count, blocks, plane, set_step, plane_step, &n);
  float one = block_sum(d, n, lanes, lane);
  float mu = mean[i / (count * blocks) / means_each], two = 0.0f;
  for (int j = lane; j < n; j += GROUP) two = fma(d[j], x[j] - mu, two);
  lanes[lane] = two;
  two = tree(lanes, lane);
  if (lane == 0) {
    sums[i] = one;
    sums[get_num_groups(0) + i] = two;
  }
}

// batch_slopes makes the coefficients of batch norm's gradient in x, [4, channels], and the gradients of scale and shift.
// In evaluation (eval) the statistics are constants.
WORK batch_slopes(SPAN(float, coefficients), SPAN(float, slopes), SPAN(float, s), SPAN(float, gamma), SPAN(float, mean), SPAN(float, variance),
                  int channels, float m, float eps, int eval) {
  AT(float, coefficients) AT(float, slopes) AT(float, s) AT(float, gamma) AT(float, mean) AT(float, variance)
  int ch = get_global_id(0);
  if (ch >= channels) return;
  float s1 = s[ch], s2 = s[channels + ch];
  float i = 1.0f / sqrt(variance[ch] + eps);
  slopes[ch] = s2 * i;
  slopes[channels + ch] = s1;
  float a = gamma[ch] * i;
  coefficients[4 * ch] = a;
  coefficients[4 * ch + 1] = mean[ch];
  coefficients[4 * ch + 2] = eval ? 0.0f : (-(a * i) * (s2 * i)) / m;
  coefficients[4 * ch + 3] = eval ? 0.0f : (-a * s1) / m;
}

// group_slopes makes the coefficients of group norm's gradient in x, [4, n*channels]; one work-item a group of each planes.
// Without gamma it is 1.
WORK group_slopes(SPAN(float, coefficients), SPAN(float, s), SPAN(float, gamma), SPAN(float, mean), SPAN(float, variance), int has_gamma, int sets,
                  int channels, int each, float m, float eps) {
  AT(float, coefficients) AT(float, s) AT(float, gamma) AT(float, mean) AT(float, variance)
  int set = get_global_id(0), planes = sets * each;
  if (set >= sets) return;
  float s1 = 0.0f, s2 = 0.0f;
  if (has_gamma) {
    for (int j = 0; j < each; j++) {
      int p = set * each + j;
      float k = gamma[p % channels];
      s1 = fma(k, s[p], s1);
      s2 = fma(k, s[planes + p], s2);
    }
  } else {
    s1 = s[set];
    s2 = s[planes + set];
  }
  float i = 1.0f / sqrt(variance[set] + eps);
  float q = (-(i * i) * (s2 * i)) / m, r = (-i * s1) / m;
  for (int j = 0; j < each; j++) {
    int p = set * each + j;
    coefficients[4 * p] = has_gamma ? gamma[p % channels] * i : i;
    coefficients[4 * p + 1] = mean[set];
    coefficients[4 * p + 2] = q;
    coefficients[4 * p + 3] = r;
  }
}

// group_parameters makes the gradients of group norm's scale and shift: chains over images.
WORK group_parameters(SPAN(float, slopes), SPAN(float, s), SPAN(float, variance), int images, int channels, int each, float eps) {
  AT(float, slopes) AT(float, s) AT(float, variance)
  int ch = get_global_id(0), planes = images * channels;
  if (ch >= channels) return;
  float scale = 0.0f, shift = 0.0f;
  for (int n = 0; n < images; n++) {
    int p = n * channels + ch;
    scale = fma(s[planes + p], 1.0f / sqrt(variance[p / each] + eps), scale);
    shift = shift + s[p];
  }
  slopes[ch] = scale;
  slopes[channels + ch] = shift;
}

// norm_back stores fma(dy, a, fma(x-mean, q, r)) with a plane's or a channel's coefficients; in evaluation dy*a.
WORK norm_back(SPAN(float, dx), SPAN(float, dy), SPAN(float, src), SPAN(float, coefficients), int n, int plane, int period, int eval) {
  AT(float, dx) AT(float, dy) AT(float, src) AT(float, coefficients)
  int i = get_global_id(0);
  if (i >= n) return;
  global const float *k = coefficients + 4 * (i / plane % period);
  dx[i] = eval ? dy[i] * k[0] : fma(dy[i], k[0], fma(src[i] - k[1], k[2], k[3]));
}

// running moves running statistics towards a batch's.
WORK running(SPAN(float, mean), SPAN(float, variance), SPAN(float, stats), int channels, float unbias, float momentum) {
  AT(float, mean) AT(float, variance) AT(float, stats)
  int i = get_global_id(0);
  if (i >= channels) return;
  mean[i] = fma(momentum, stats[i] - mean[i], mean[i]);
  variance[i] = fma(momentum, stats[channels + i] * unbias - variance[i], variance[i]);
}
