// One run of one op: its inputs as checked tensors, its output, and the threads that compute it.
#pragma once
#include <initializer_list>
#include <vector>

#include "ort/abi.h"
#include "ort/refusal.h"
#include "threads/team.h"

namespace belle {

/// In a list of expected dimensions: any size will do.
constexpr int64_t kAnySize = -1;

/// Turns a failed ABI call into a Refusal.
inline void check(const Api& api, OrtStatus* status) {
  if (status == nullptr) return;
  Refusal refusal{api.error_message(status)};
  api.release_status(status);
  throw refusal;
}

/// A view of one input. Valid during the call. A missing optional input has no data and rank -1.
class Tensor {
 public:
  Tensor() = default;
  Tensor(const Api& api, const char* name, const OrtValue* value);

  bool present() const { return rank_ >= 0; }
  ElementType type() const { return type_; }
  int64_t dim(int axis) const { return dims_[axis]; }
  const void* data() const { return data_; }

  /// The elements, refused unless they have this type and these dimensions (kAnySize fits all).
  const float* floats(std::initializer_list<int64_t> dims) const { return typed<float>(ElementType::kFloat, dims); }
  const int32_t* int32s(std::initializer_list<int64_t> dims) const { return typed<int32_t>(ElementType::kInt32, dims); }
  const int64_t* int64s(std::initializer_list<int64_t> dims) const { return typed<int64_t>(ElementType::kInt64, dims); }

  /// Refuses any other shape.
  void require_dims(std::initializer_list<int64_t> dims) const;
  void require_type(ElementType type) const;

 private:
  template <class T>
  const T* typed(ElementType type, std::initializer_list<int64_t> dims) const {
    require_type(type);
    require_dims(dims);
    return static_cast<const T*>(data_);
  }

  static constexpr int kMaxRank = 8;
  const char* name_ = "";
  ElementType type_ = ElementType::kAny;
  int rank_ = -1;
  int64_t dims_[kMaxRank] = {};
  const void* data_ = nullptr;
};

/// The context of one compute call.
class Call {
 public:
  /// `threads` share the work, the calling one counted.
  Call(const Api& api, OrtKernelContext* context, int threads);

  /// Input `index`; `name` is what a refusal calls it.
  Tensor input(size_t index, const char* name) const;

  /// Allocates output 0 and returns its elements.
  float* output(std::initializer_list<int64_t> dims) const;

  /// Runs body(i) for every i in [0, count) on the session's threads. With one item, or work too small to share, it runs
  /// here. The body must not throw.
  template <class Body>
  void parallel(int64_t count, bool worth_sharing, const Body& body) const {
    if (count <= 1 || threads_ == 1 || !worth_sharing) {
      for (int64_t i = 0; i < count; i++) body(i);
      return;
    }
    const auto run = [](void* data, int64_t i) { (*static_cast<const Body*>(data))(i); };
    Team::of_this_thread(threads_).run(count, run, const_cast<Body*>(&body));
  }

 private:
  const Api& api_;
  OrtKernelContext* context_;
  int threads_;
  size_t inputs_ = 0;
};

/// A node's attributes, read once when a session is built.
class Attributes {
 public:
  Attributes(const Api& api, const OrtKernelInfo* info) : api_(api), info_(info) {}

  int64_t integer(const char* name) const;
  int64_t integer(const char* name, int64_t fallback) const;
  float number(const char* name) const;
  std::string text(const char* name) const;
  /// Empty when the attribute is absent.
  std::vector<int64_t> integers(const char* name) const;

 private:
  bool found(OrtStatus* status) const;
  const Api& api_;
  const OrtKernelInfo* info_;
};

}  // namespace belle
