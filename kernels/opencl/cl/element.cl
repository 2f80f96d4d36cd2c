// Element-wise operations; the destination may be a source.

#define ONE(name, formula)                                                      \
  WORK name(SPAN(float, dst), SPAN(float, src), int n, float a, float b) {      \
    AT(float, dst) AT(float, src)                                               \
    int i = get_global_id(0);                                                   \
    if (i >= n) return;                                                         \
    float x = src[i];                                                           \
    dst[i] = formula;                                                           \
  }

#define TWO(name, formula)                                                                       \
  WORK name(SPAN(float, dst), SPAN(float, src), SPAN(float, other), int n, float a, float b) {   \
    AT(float, dst) AT(float, src) AT(float, other)                                               \
    int i = get_global_id(0);                                                                    \
    if (i >= n) return;                                                                          \
    float x = src[i], y = other[i];                                                              \
    dst[i] = formula;                                                                            \
  }

ONE(relu_map, relu(x))
ONE(leaky_map, x < 0.0f ? x * a : x)
ONE(tanh_map, tanh_(x))
ONE(sigmoid_map, sigmoid_(x))
ONE(gelu_map, gelu_(x))
ONE(exp_map, exp_(x))
ONE(log_map, log_(x))
ONE(sin_map, sin_(x))
ONE(cos_map, cos_(x))
ONE(erf_map, erf_(x))
ONE(sqrt_map, sqrt(x))
ONE(scale_map, x * a)
ONE(clamp_map, x < a ? a : x > b ? b : x)
TWO(relu_back_map, y <= 0.0f ? 0.0f : x)
TWO(leaky_back_map, y <= 0.0f ? x * a : x)
TWO(tanh_back_map, x * fma(-y, y, 1.0f))
TWO(sigmoid_back_map, x * (y * (1.0f - y)))
TWO(gelu_back_map, x * gelu_slope(y))
TWO(add_map, x + y)
TWO(mul_map, x * y)
TWO(stochastic_sign_map, y < (1.0f + x) * 0.5f ? 1.0f : -1.0f)
