#include "ort/call.h"

namespace belle {
namespace {

const char* type_name(ElementType type) {
  switch (type) {
    case ElementType::kAny: return "any";
    case ElementType::kFloat: return "float32";
    case ElementType::kInt32: return "int32";
    case ElementType::kInt64: return "int64";
    case ElementType::kFloat16: return "float16";
    case ElementType::kUint8: return "uint8";
  }
  return "another type";
}

std::string shape_text(const int64_t* dims, int rank) {
  std::string text = "[";
  for (int i = 0; i < rank; i++) {
    if (i > 0) text += ", ";
    text += dims[i] == kAnySize ? "any" : std::to_string(dims[i]);
  }
  return text + "]";
}

}  // namespace

Tensor::Tensor(const Api& api, const char* name, const OrtValue* value) : name_(name) {
  if (value == nullptr) return;
  OrtTensorTypeAndShapeInfo* info = nullptr;
  check(api, api.tensor_info(value, &info));
  size_t rank = 0;
  OrtStatus* status = api.element_type(info, &type_);
  if (status == nullptr) status = api.rank(info, &rank);
  if (status == nullptr && rank <= kMaxRank) status = api.dimensions(info, dims_, rank);
  api.release_tensor_info(info);
  check(api, status);
  if (rank > kMaxRank) refuse("%s has %zu dimensions, at most %d are known", name, rank, kMaxRank);
  void* data = nullptr;
  check(api, api.tensor_data(const_cast<OrtValue*>(value), &data));
  rank_ = static_cast<int>(rank);
  data_ = data;
}

void Tensor::require_type(ElementType type) const {
  if (!present()) refuse("%s is missing", name_);
  if (type_ != type) refuse("%s must be %s, but is %s", name_, type_name(type), type_name(type_));
}

void Tensor::require_dims(std::initializer_list<int64_t> dims) const {
  if (!present()) refuse("%s is missing", name_);
  bool fits = rank_ == static_cast<int>(dims.size());
  for (int i = 0; fits && i < rank_; i++) {
    const int64_t wanted = dims.begin()[i];
    fits = wanted == kAnySize || wanted == dims_[i];
  }
  if (!fits) {
    refuse("%s must have shape %s, but has %s", name_, shape_text(dims.begin(), static_cast<int>(dims.size())).c_str(),
           shape_text(dims_, rank_).c_str());
  }
}

Call::Call(const Api& api, OrtKernelContext* context, int threads) : api_(api), context_(context), threads_(threads) {
  check(api_, api_.input_count(context_, &inputs_));
}

Tensor Call::input(size_t index, const char* name) const {
  if (index >= inputs_) return Tensor(api_, name, nullptr);
  const OrtValue* value = nullptr;
  check(api_, api_.input(context_, index, &value));
  return Tensor(api_, name, value);
}

float* Call::output(std::initializer_list<int64_t> dims) const {
  OrtValue* value = nullptr;
  check(api_, api_.output(context_, 0, dims.begin(), dims.size(), &value));
  void* data = nullptr;
  check(api_, api_.tensor_data(value, &data));
  return static_cast<float*>(data);
}

bool Attributes::found(OrtStatus* status) const {
  if (status == nullptr) return true;
  api_.release_status(status);
  return false;
}

int64_t Attributes::integer(const char* name) const {
  int64_t value = 0;
  if (!found(api_.attribute(info_, name, &value))) refuse("attribute %s (an integer) is missing", name);
  return value;
}

int64_t Attributes::integer(const char* name, int64_t fallback) const {
  int64_t value = 0;
  return found(api_.attribute(info_, name, &value)) ? value : fallback;
}

float Attributes::number(const char* name) const {
  float value = 0;
  if (!found(api_.attribute(info_, name, &value))) refuse("attribute %s (a float) is missing", name);
  return value;
}

std::string Attributes::text(const char* name) const {
  size_t size = 0;
  if (!found(api_.attribute(info_, name, static_cast<char*>(nullptr), &size))) {
    refuse("attribute %s (a string) is missing", name);
  }
  std::string value(size, '\0');
  check(api_, api_.attribute(info_, name, value.data(), &size));
  while (!value.empty() && value.back() == '\0') value.pop_back();
  return value;
}

std::vector<int64_t> Attributes::integers(const char* name) const {
  size_t size = 0;
  if (!found(api_.attribute(info_, name, static_cast<int64_t*>(nullptr), &size))) return {};
  std::vector<int64_t> values(size);
  if (size > 0) check(api_, api_.attribute(info_, name, values.data(), &size));
  return values;
}

}  // namespace belle
