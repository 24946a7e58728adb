// IEEE binary16 as it lies in memory.
#pragma once
#include <cstdint>

namespace belle {

struct Half {
  uint16_t bits;
};

}  // namespace belle
