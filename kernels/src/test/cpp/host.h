// A stand-in for ONNX Runtime: just enough of the C ABI to create an op and run it over tensors that lie
// in exactly sized heap blocks, so that AddressSanitizer sees any step beyond them.
#pragma once
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "ort/abi.h"

namespace belle {

struct OrtStatus {
  std::string message;
};
struct OrtCustomOpDomain {
  std::map<std::string, const OrtCustomOp*> ops;
};
struct OrtTensorTypeAndShapeInfo {
  ElementType type;
  std::vector<int64_t> dims;
};
struct OrtValue {
  ElementType type = ElementType::kFloat;
  std::vector<int64_t> dims;
  char* bytes = nullptr;  // from new char[], exactly as long as the elements
};
struct OrtKernelInfo {
  std::map<std::string, int64_t> integers;
  std::map<std::string, float> numbers;
  std::map<std::string, std::string> texts;
  std::map<std::string, std::vector<int64_t>> lists;
};
struct OrtKernelContext {
  std::vector<const OrtValue*> inputs;
  OrtValue output;
};
struct OrtSessionOptions {
  int threads;
};

inline size_t element_bytes(ElementType type) {
  return type == ElementType::kInt64 ? 8 : type == ElementType::kFloat16 ? 2 : type == ElementType::kUint8 ? 1 : 4;
}

inline size_t element_count(const std::vector<int64_t>& dims) {
  size_t count = 1;
  for (int64_t dim : dims) count *= static_cast<size_t>(dim);
  return count;
}

/// Owns an input's memory.
class HostTensor {
 public:
  HostTensor(ElementType type, std::vector<int64_t> dims) {
    value_.type = type;
    value_.dims = std::move(dims);
    value_.bytes = new char[element_count(value_.dims) * element_bytes(type)]();
  }
  HostTensor(HostTensor&& other) noexcept : value_(other.value_) { other.value_.bytes = nullptr; }
  HostTensor(const HostTensor&) = delete;
  ~HostTensor() { delete[] value_.bytes; }

  OrtValue& value() { return value_; }
  const OrtValue& value() const { return value_; }
  size_t count() const { return element_count(value_.dims); }
  template <class T>
  T* data() const {
    return reinterpret_cast<T*>(value_.bytes);
  }

 private:
  OrtValue value_;
};

namespace host {

inline OrtStatus* status(int, const char* message) { return new OrtStatus{message}; }
inline const char* message(const OrtStatus* status) { return status->message.c_str(); }
inline void release_status(OrtStatus* status) { delete status; }
inline OrtStatus* missing() { return new OrtStatus{"no such attribute"}; }

inline OrtStatus* create_domain(const char*, OrtCustomOpDomain** domain) {
  *domain = new OrtCustomOpDomain;
  return nullptr;
}
inline OrtStatus* domain_add(OrtCustomOpDomain* domain, const OrtCustomOp* op) {
  domain->ops[op->name(op)] = op;
  return nullptr;
}
/// The domains by the number of threads.
inline std::map<int, OrtCustomOpDomain*>& registered() {
  static std::map<int, OrtCustomOpDomain*> domains;
  return domains;
}
inline OrtStatus* add_domain(OrtSessionOptions* options, OrtCustomOpDomain* domain) {
  registered()[options->threads] = domain;
  return nullptr;
}

inline OrtStatus* tensor_data(OrtValue* value, void** data) {
  *data = value->bytes;
  return nullptr;
}
inline OrtStatus* tensor_info(const OrtValue* value, OrtTensorTypeAndShapeInfo** info) {
  *info = new OrtTensorTypeAndShapeInfo{value->type, value->dims};
  return nullptr;
}
inline void release_info(OrtTensorTypeAndShapeInfo* info) { delete info; }
inline OrtStatus* element_type(const OrtTensorTypeAndShapeInfo* info, ElementType* type) {
  *type = info->type;
  return nullptr;
}
inline OrtStatus* rank(const OrtTensorTypeAndShapeInfo* info, size_t* rank) {
  *rank = info->dims.size();
  return nullptr;
}
inline OrtStatus* dimensions(const OrtTensorTypeAndShapeInfo* info, int64_t* dims, size_t rank) {
  for (size_t i = 0; i < rank; i++) dims[i] = info->dims[i];
  return nullptr;
}

inline OrtStatus* number(const OrtKernelInfo* info, const char* name, float* value) {
  const auto found = info->numbers.find(name);
  if (found == info->numbers.end()) return missing();
  *value = found->second;
  return nullptr;
}
inline OrtStatus* integer(const OrtKernelInfo* info, const char* name, int64_t* value) {
  const auto found = info->integers.find(name);
  if (found == info->integers.end()) return missing();
  *value = found->second;
  return nullptr;
}
inline OrtStatus* text(const OrtKernelInfo* info, const char* name, char* value, size_t* size) {
  const auto found = info->texts.find(name);
  if (found == info->texts.end()) return missing();
  *size = found->second.size() + 1;
  if (value != nullptr) found->second.copy(value, *size);
  return nullptr;
}
inline OrtStatus* list(const OrtKernelInfo* info, const char* name, int64_t* values, size_t* size) {
  const auto found = info->lists.find(name);
  if (found == info->lists.end()) return missing();
  *size = found->second.size();
  for (size_t i = 0; values != nullptr && i < *size; i++) values[i] = found->second[i];
  return nullptr;
}

inline OrtStatus* input_count(const OrtKernelContext* context, size_t* count) {
  *count = context->inputs.size();
  return nullptr;
}
inline OrtStatus* input(const OrtKernelContext* context, size_t index, const OrtValue** value) {
  *value = context->inputs[index];
  return nullptr;
}
inline OrtStatus* output(OrtKernelContext* context, size_t, const int64_t* dims, size_t rank, OrtValue** value) {
  context->output.dims.assign(dims, dims + rank);
  delete[] context->output.bytes;
  context->output.bytes = new char[element_count(context->output.dims) * 4];
  *value = &context->output;
  return nullptr;
}
inline OrtStatus* has_option(const OrtSessionOptions*, const char* key, int* has) {
  *has = std::strcmp(key, "belle.threads") == 0;
  return nullptr;
}
inline OrtStatus* option(const OrtSessionOptions* options, const char*, char* text, size_t* size) {
  *size = static_cast<size_t>(std::snprintf(text, *size, "%d", options->threads)) + 1;
  return nullptr;
}

inline const OrtApi* api() {
  static const OrtApi table = [] {
    OrtApi t = {};
    const auto set = [&t](int slot, auto* function) { t.slots[slot] = reinterpret_cast<void*>(function); };
    set(0, status), set(2, message), set(26, create_domain), set(27, domain_add), set(28, add_domain);
    set(51, tensor_data), set(60, element_type), set(61, rank), set(62, dimensions), set(65, tensor_info);
    set(85, number), set(86, integer), set(87, text), set(88, input_count), set(90, input), set(91, output);
    set(93, release_status), set(99, release_info), set(163, list), set(237, has_option), set(238, option);
    return t;
  }();
  return &table;
}

}  // namespace host

/// One op with its attributes, for so many threads. `error` says why there is none.
class HostOp {
 public:
  HostOp(const std::string& name, const OrtKernelInfo& info, int threads)
      : op_(host::registered().at(threads)->ops.at(name)) {
    error = text(op_->create_kernel_v2(op_, host::api(), &info, &kernel_));
  }
  HostOp(const HostOp&) = delete;
  ~HostOp() {
    if (kernel_ != nullptr) op_->destroy(kernel_);
  }

  /// The output's floats; empty, with `error` set, when the op refuses.
  std::vector<float> run(const std::vector<const OrtValue*>& inputs) {
    OrtKernelContext context;
    context.inputs = inputs;
    error = text(op_->compute_v2(kernel_, &context));
    std::vector<float> values;
    if (error.empty()) {
      const float* data = reinterpret_cast<const float*>(context.output.bytes);
      values.assign(data, data + element_count(context.output.dims));
    }
    delete[] context.output.bytes;
    return values;
  }

  std::string error;

 private:
  static std::string text(OrtStatus* status) {
    if (status == nullptr) return "";
    std::string message = status->message;
    delete status;
    return message;
  }
  const OrtCustomOp* op_;
  void* kernel_ = nullptr;
};

}  // namespace belle
