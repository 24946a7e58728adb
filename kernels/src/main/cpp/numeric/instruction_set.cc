// Compiled once for each instruction set; BELLE_LANES_AVX2 or BELLE_LANES_AVX512, with BELLE_LANES_VNNI or without, says
// for which.
#include "numeric/attention.h"
#include "numeric/ceilings.h"
#include "numeric/elementwise.h"
#include "numeric/norms.h"
#include "numeric/product.h"
#include "numeric/quantised_product.h"

namespace belle {

#if defined(BELLE_LANES_VNNI)
const KernelTable vnni_kernels = {"vnni",
#elif defined(BELLE_LANES_AVX512)
const KernelTable avx512_kernels = {"avx512",
#elif defined(BELLE_LANES_AVX2)
const KernelTable avx2_kernels = {"avx2",
#else
const KernelTable scalar_kernels = {"scalar",
#endif
                                    pack_rows,
                                    product<float>,
                                    product<Half>,
                                    quantised_product<4>,
                                    quantised_product<8>,
                                    quantise_rows,
                                    write_cache<float>,
                                    write_cache<Half>,
                                    write_cache<int8_t>,
                                    attend<float>,
                                    attend<Half>,
                                    attend<int8_t>,
                                    gather_f32,
                                    gather_f16,
                                    gather_q8,
                                    rms_norm,
                                    layer_norm,
                                    gelu,
                                    silu_mul,
                                    residual,
                                    add_parts,
                                    read_floats,
                                    run_fmas,
                                    run_dots};

}  // namespace belle
