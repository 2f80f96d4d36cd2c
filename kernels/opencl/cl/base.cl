#pragma OPENCL FP_CONTRACT OFF

// A span is a buffer and the place where it starts, in values.
#define SPAN(type, x) global type *x##_memory, ulong x##_offset
#define AT(type, x) global type *x = x##_memory + x##_offset;

#define GROUP 64 // work-items in a work-group, everywhere
#define BLOCK 1024 // values in a block of a sum

#define WORK kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void

#define INFINITE as_float(0x7F800000u)
#define NOT_A_NUMBER as_float(0x7FC00000u)

float relu(float x) { return x < 0.0f ? 0.0f : x; }

// tree adds the 64 lanes pairwise, the upper half to the lower until one is left.
float tree(local float *lanes, int lane) {
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int h = GROUP / 2; h > 0; h /= 2) {
    if (lane < h) lanes[lane] = lanes[lane] + lanes[lane + h];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  float s = lanes[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return s;
}

// block_sum is the sum of up to 1,024 values, the same for every work-item.
float block_sum(global const float *v, int n, local float *lanes, int lane) {
  float s = 0.0f;
  for (int i = lane; i < n; i += GROUP) s = s + v[i];
  lanes[lane] = s;
  return tree(lanes, lane);
}

// sum is the sum of any number of values, block by block; scratch has room for two values a block.
float sum(global const float *v, int n, global float *scratch, local float *lanes, int lane) {
  while (n > BLOCK) {
    int blocks = (n + BLOCK - 1) / BLOCK;
    for (int b = 0; b < blocks; b++) {
      float s = block_sum(v + b * BLOCK, min(BLOCK, n - b * BLOCK), lanes, lane);
      if (lane == 0) scratch[b] = s;
    }
    barrier(CLK_GLOBAL_MEM_FENCE);
    v = scratch;
    scratch += blocks;
    n = blocks;
  }
  return block_sum(v, n, lanes, lane);
}
