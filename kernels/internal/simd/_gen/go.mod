module shiftmill/kernels/internal/simd/_gen

go 1.26.0
