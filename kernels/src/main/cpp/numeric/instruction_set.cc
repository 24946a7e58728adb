// Compiled once for each instruction set; BELLE_LANES_AVX2 or BELLE_LANES_AVX512 says for which.
#include "numeric/attention.h"
#include "numeric/ceilings.h"
#include "numeric/elementwise.h"
#include "numeric/norms.h"
#include "numeric/product.h"

namespace belle {

#if defined(BELLE_LANES_AVX512)
const KernelTable avx512_kernels = {"avx512",
#elif defined(BELLE_LANES_AVX2)
const KernelTable avx2_kernels = {"avx2",
#else
const KernelTable scalar_kernels = {"scalar",
#endif
                                    pack_rows,
                                    product<float>,
                                    product<Half>,
                                    write_cache<float>,
                                    write_cache<Half>,
                                    attend<float>,
                                    attend<Half>,
                                    gather_f32,
                                    gather_f16,
                                    rms_norm,
                                    layer_norm,
                                    gelu,
                                    silu_mul,
                                    residual,
                                    read_floats,
                                    run_fmas};

}  // namespace belle
