// Which instruction set the numeric kernels use, decided at run time.
#pragma once
#include "numeric/kernels.h"

namespace belle {

/// The kernels in use: the widest set that this machine has, or the one that BELLE_ISA names
/// (scalar, avx2, avx512, vnni). Throws a Refusal when BELLE_ISA names one that is not to be had.
const KernelTable& selected_kernels();

/// Makes selected_kernels() return the named set from now on; ops that exist keep theirs.
/// Throws a Refusal when the machine does not have it.
void select_kernels(const char* name);

}  // namespace belle
