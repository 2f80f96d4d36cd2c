// Softmax and losses. One work-group a row; q is scratch for the row's values.

float row_max(global const float *x, int n) {
  float m = x[0];
  for (int j = 1; j < n; j++) {
    float v = x[j];
    if (v > m || (v != v && m == m)) m = v;
  }
  return m;
}

// exponentials fills q with exp(x-m) and returns their sum.
float exponentials(global float *q, global const float *x, float m, int n, global float *scratch, local float *lanes, int lane) {
  for (int j = lane; j < n; j += GROUP) q[j] = exp_(x[j] - m);
  barrier(CLK_GLOBAL_MEM_FENCE);
  return sum(q, n, scratch, lanes, lane);
}

// softmax_rows is the softmax of each row, or its logarithm; dst may be src.
WORK softmax_rows(SPAN(float, dst), SPAN(float, src), SPAN(float, scratch), int n, int spare, int logarithm) {
  AT(float, dst) AT(float, src) AT(float, scratch)
  local float lanes[GROUP];
  int row = get_group_id(0), lane = get_local_id(0);
  global float *q = scratch + row * (n + spare), *y = dst + row * n;
  global const float *x = src + row * n;
  float m = row_max(x, n);
  float total = exponentials(q, x, m, n, q + n, lanes, lane);
  float l = log_(total);
  for (int j = lane; j < n; j += GROUP) y[j] = logarithm ? (x[j] - m) - l : q[j] / total;
}

WORK softmax_back(SPAN(float, dx), SPAN(float, dy), SPAN(float, out), SPAN(float, scratch), int n, int spare, int logarithm) {
  AT(float, dx) AT(float, dy) AT(float, out) AT(float, scratch)
  local float lanes[GROUP];
  int row = get_group_id(0), lane = get_local_id(0);
  global float *q = scratch + row * (n + spare);
  global const float *d = dy + row * n, *y = out + row * n;
  for (int j = lane; j < n; j += GROUP) q[j] = logarithm ? d[j] : d[j] * y[j];
  barrier(CLK_GLOBAL_MEM_FENCE);
  float total = sum(q, n, q + n, lanes, lane);
  for (int j = lane; j < n; j += GROUP)
    dx[row * n + j] = logarithm ? fma(-exp_(y[j]), total, d[j]) : y[j] * (d[j] - total);
}

// cross_entropy stores each row's loss and, with gradient, (softmax - t) * grad[0]/count instead.
WORK cross_entropy(SPAN(float, dst), SPAN(float, logits), SPAN(float, targets), SPAN(float, grad), SPAN(float, scratch), int n, int spare, float count,
                   int gradient) {
  AT(float, dst) AT(float, logits) AT(float, targets) AT(float, grad) AT(float, scratch)
  local float lanes[GROUP];
  int row = get_group_id(0), lane = get_local_id(0);
  global float *q = scratch + row * (n + spare);
  global const float *x = logits + row * n, *t = targets + row * n;
  float m = row_max(x, n);
  float total = exponentials(q, x, m, n, q + n, lanes, lane);
  if (gradient) {
    float scale = grad[0] / count;
    for (int j = lane; j < n; j += GROUP) dst[row * n + j] = (q[j] / total - t[j]) * scale;
    return;
  }
  float l = log_(total);
  for (int j = lane; j < n; j += GROUP) q[j] = t[j] * (l - (x[j] - m));
  barrier(CLK_GLOBAL_MEM_FENCE);
  float loss = sum(q, n, q + n, lanes, lane);
  if (lane == 0) dst[row] = loss;
}

// mean stores weight * (sum(v) / count); one work-group.
WORK mean(SPAN(float, dst), SPAN(float, v), SPAN(float, scratch), int n, float count, float weight, int weighted) {
  AT(float, dst) AT(float, v) AT(float, scratch)
  local float lanes[GROUP];
  int lane = get_local_id(0);
  float s = sum(v, n, scratch, lanes, lane) / count;
  if (lane == 0) dst[0] = weighted ? weight * s : s;
}

WORK binary_loss(SPAN(float, dst), SPAN(float, logits), SPAN(float, targets), int n) {
  AT(float, dst) AT(float, logits) AT(float, targets)
  int i = get_global_id(0);
  if (i >= n) return;
  float x = logits[i];
  float pos = x < 0.0f ? 0.0f : x;
  dst[i] = fma(-x, targets[i], pos) + log1p_exp(exp_(-fabs(x)));
}

WORK binary_back(SPAN(float, dst), SPAN(float, logits), SPAN(float, targets), SPAN(float, grad), int n, float count) {
  AT(float, dst) AT(float, logits) AT(float, targets) AT(float, grad)
  int i = get_global_id(0);
  if (i >= n) return;
  dst[i] = (sigmoid_(logits[i]) - targets[i]) * (grad[0] / count);
}

// jensen_shannon stores each row's divergence of several views or, with gradient, its gradient. logits is [views, rows, n].
WORK jensen_shannon(SPAN(float, dst), SPAN(float, logits), SPAN(float, grad), SPAN(float, scratch), int views, int rows, int n, int spare,
                    float weight, float count, int gradient) {
  AT(float, dst) AT(float, logits) AT(float, grad) AT(float, scratch)
  local float lanes[GROUP];
  int row = get_group_id(0), lane = get_local_id(0);
  global float *q = scratch + row * ((2 * views + 2) * n + spare); // softmax of each view, then its logarithm, blend, terms
  global float *logs = q + views * n, *blend = logs + views * n, *terms = blend + n, *rest = terms + n;
  for (int j = lane; j < n; j += GROUP) blend[j] = 0.0f;
  for (int v = 0; v < views; v++) {
    global const float *x = logits + (v * rows + row) * n;
    float m = row_max(x, n);
    float total = exponentials(q + v * n, x, m, n, rest, lanes, lane);
    float l = log_(total);
    for (int j = lane; j < n; j += GROUP) {
      q[v * n + j] = q[v * n + j] / total;
      logs[v * n + j] = (x[j] - m) - l;
      blend[j] = blend[j] + q[v * n + j];
    }
  }
  for (int j = lane; j < n; j += GROUP) {
    float m = blend[j] / (float)views;
    blend[j] = log_(m < 1e-7f ? 1e-7f : m);
  }
  float all = 0.0f, scale = gradient ? (grad[0] * weight / count) / (float)views : 0.0f;
  for (int v = 0; v < views; v++) {
    for (int j = lane; j < n; j += GROUP) {
      logs[v * n + j] = logs[v * n + j] - blend[j];
      terms[j] = q[v * n + j] * logs[v * n + j];
    }
    barrier(CLK_GLOBAL_MEM_FENCE);
    float kl = sum(terms, n, rest, lanes, lane);
    all = all + kl;
    if (gradient)
      for (int j = lane; j < n; j += GROUP) dst[(v * rows + row) * n + j] = (q[v * n + j] * (logs[v * n + j] - kl)) * scale;
  }
  if (!gradient && lane == 0) dst[row] = all / (float)views;
}
