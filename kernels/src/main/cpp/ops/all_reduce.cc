// Where the ranks of a replica add their parts: shared memory, in the node's process or in a file that several map.
//
// A rank copies a piece of its part into its own slot, counts up, waits until the others have counted as far, and adds all
// slots. A slot is used again two pieces later: by then every rank has counted the piece between, so nobody reads it any more.
#include <algorithm>
#include <atomic>

#include "ops/ops.h"
#include "threads/wait.h"

namespace belle {
namespace {

constexpr int64_t kMaxRanks = 8;
/// Floats that are exchanged at once: both ranks' pieces stay in the second cache.
constexpr int64_t kPieceFloats = 16384;
/// A rank's count of pieces: the number of the step above, the step's pieces below.
constexpr int kPieceBits = 24;
/// A sleeper looks again after so long, whatever happened: a rank of another process may have died.
constexpr timespec kNap = {0, 2'000'000};

/// What a rank has done. The low half of `pieces` is what sleepers sleep on.
struct alignas(64) Progress {
  std::atomic<uint64_t> pieces;
  std::atomic<uint32_t> sleepers;
};

/// The shared memory: zeros at first.
struct Meeting {
  /// One more than the number of the step that some rank gave up. Whoever notices writes it.
  alignas(64) std::atomic<uint64_t> failed;
  Progress ranks[kMaxRanks];
  alignas(64) float slots[1];  ///< [ranks][2][kPieceFloats]

  static constexpr int64_t bytes(int64_t ranks) {
    return 64 * (1 + kMaxRanks) + ranks * 2 * kPieceFloats * static_cast<int64_t>(sizeof(float));
  }
  float* slot(int64_t rank, uint64_t piece) {
    return slots + (rank * 2 + static_cast<int64_t>(piece & 1)) * kPieceFloats;
  }
};

static_assert(std::atomic<uint64_t>::is_always_lock_free && sizeof(Progress) == 64, "shared between processes");

void post(Progress& own, uint64_t pieces) {
  own.pieces.store(pieces);
  if (own.sleepers.load() > 0) wake_all(&own.pieces);
}

void await(Meeting& meeting, int64_t rank, uint64_t pieces, int64_t step) {
  Progress& other = meeting.ranks[rank];
  for (int look = 0; look < kLooks; look++) {
    if (other.pieces.load(std::memory_order_acquire) >= pieces) return;
    relax();
  }
  other.sleepers.fetch_add(1);
  bool failed = false;
  for (uint64_t seen; !failed && (seen = other.pieces.load()) < pieces;) {
    failed = meeting.failed.load() == static_cast<uint64_t>(step) + 1;
    if (!failed) sleep_on(&other.pieces, static_cast<uint32_t>(seen), &kNap);
  }
  other.sleepers.fetch_sub(1);
  if (failed) refuse("another rank gave up step %lld", static_cast<long long>(step));
}

/// Writes past the caches: the lines of a slot are in another rank's, and to take them back, one by one, takes longer than the
/// way over memory wherever the two processors are on different dies.
void publish(const float* from, int64_t count, float* slot) {
  int64_t i = 0;
#if defined(__x86_64__)
  for (; i + 4 <= count; i += 4) _mm_stream_ps(slot + i, _mm_loadu_ps(from + i));
  _mm_sfence();
#endif
  std::copy(from + i, from + count, slot + i);
}

}  // namespace

void all_reduce(const KernelTable& kernels, const int64_t* collective, const float* x, int64_t total, float* y) {
  const int64_t address = collective[0], rank = collective[2], ranks = collective[3], step = collective[4];
  if (ranks != 2 && ranks != 4 && ranks != 8) refuse("collective ranks must be 2, 4 or 8, but is %lld", static_cast<long long>(ranks));
  require_range("collective rank", rank, 0, ranks - 1);
  require_range("collective step", step, 0, (int64_t{1} << (63 - kPieceBits)) - 1);
  require_range("collective bytes", collective[1], Meeting::bytes(ranks), INT64_MAX);
  if (address == 0 || address % 64 != 0) {
    refuse("collective address must be a multiple of 64 and not 0, but is %lld", static_cast<long long>(address));
  }
  Meeting& meeting = *reinterpret_cast<Meeting*>(address);
  Progress& own = meeting.ranks[rank];
  uint64_t piece = own.pieces.load(std::memory_order_relaxed);
  if (piece >> kPieceBits != static_cast<uint64_t>(step)) piece = static_cast<uint64_t>(step) << kPieceBits;
  for (int64_t at = 0; at < total; at += kPieceFloats) {
    const int64_t count = std::min(kPieceFloats, total - at);
    publish(x + at, count, meeting.slot(rank, piece));
    const float* parts[kMaxRanks];
    for (int64_t r = 0; r < ranks; r++) parts[r] = r == rank ? x + at : meeting.slot(r, piece);
    post(own, ++piece);
    for (int64_t r = 0; r < ranks; r++) {
      if (r != rank) await(meeting, r, piece, step);
    }
    kernels.add_parts(parts, static_cast<int>(ranks), count, y + at);
  }
}

void AllReduce::compute(const Call& call) const {
  const Tensor input = call.input(0, "x");
  const float* x = input.floats({kAnySize, kAnySize});
  const int64_t* collective = call.input(1, "collective").int64s({5});
  all_reduce(kernels_, collective, x, input.dim(0) * input.dim(1), call.output({input.dim(0), input.dim(1)}));
}

}  // namespace belle
