#include "isa.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>

#include "ort/refusal.h"

namespace belle {
namespace {

/// The sets that were built and that this machine can run, narrowest first.
struct Choices {
  const KernelTable* tables[4];
  int count = 0;

  Choices() {
    add(&scalar_kernels);
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) {
      add(&avx2_kernels);
#if defined(BELLE_EMULATE_AVX512)
      add(&avx512_kernels);
#else
      if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
        add(&avx512_kernels);
        if (__builtin_cpu_supports("avx512vnni")) add(&vnni_kernels);
      }
#endif
    }
#endif
  }

  const KernelTable* find(const char* name) const {
    std::string known;
    for (int i = 0; i < count; i++) {
      if (std::strcmp(tables[i]->name, name) == 0) return tables[i];
      known += (i > 0 ? ", " : "") + std::string(tables[i]->name);
    }
    refuse("BELLE_ISA is '%s', but this machine runs: %s", name, known.c_str());
  }

 private:
  void add(const KernelTable* table) { tables[count++] = table; }
};

const Choices& choices() {
  static const Choices instance;
  return instance;
}

std::atomic<const KernelTable*> selected{nullptr};

}  // namespace

const KernelTable& selected_kernels() {
  const KernelTable* table = selected.load();
  if (table == nullptr) {
    const char* forced = std::getenv("BELLE_ISA");
    table = forced != nullptr && *forced != '\0' ? choices().find(forced) : choices().tables[choices().count - 1];
    selected.store(table);
  }
  return *table;
}

void select_kernels(const char* name) { selected.store(choices().find(name)); }

}  // namespace belle
