// The part of ONNX Runtime's C ABI that these ops use, written out so that no download is needed.
//
// OrtApi is a table of function pointers that only ever grows at its end; a slot keeps its number for
// good. It is declared here as an array of slots, and `Api` gives the few that are used their types.
// OrtCustomOp is laid out as of API version 21.
#pragma once
#include <cstddef>
#include <cstdint>

namespace belle {

/// The oldest API that offers everything used here. Newer runtimes hand it out as well.
constexpr uint32_t kApiVersion = 21;

struct OrtStatus;
struct OrtValue;
struct OrtKernelInfo;
struct OrtKernelContext;
struct OrtTensorTypeAndShapeInfo;
struct OrtSessionOptions;
struct OrtCustomOpDomain;
struct OrtShapeInferContext;

enum class ElementType : int { kAny = 0, kFloat = 1, kUint8 = 2, kInt32 = 6, kInt64 = 7, kFloat16 = 10 };
enum class Presence : int { kRequired = 0, kOptional = 1 };
enum class ErrorCode : int { kFail = 1, kInvalidArgument = 2 };

struct OrtApi {
  void* slots[512];
};

struct OrtApiBase {
  const OrtApi* (*get_api)(uint32_t version);
  const char* (*version)();
};

/// An op as ONNX Runtime sees it: one C function for each question that it asks.
struct OrtCustomOp {
  uint32_t version;
  void* (*create_kernel)(const OrtCustomOp*, const OrtApi*, const OrtKernelInfo*);
  const char* (*name)(const OrtCustomOp*);
  const char* (*execution_provider)(const OrtCustomOp*);
  ElementType (*input_type)(const OrtCustomOp*, size_t);
  size_t (*input_count)(const OrtCustomOp*);
  ElementType (*output_type)(const OrtCustomOp*, size_t);
  size_t (*output_count)(const OrtCustomOp*);
  void (*compute)(void*, OrtKernelContext*);
  void (*destroy)(void*);
  Presence (*input_presence)(const OrtCustomOp*, size_t);
  Presence (*output_presence)(const OrtCustomOp*, size_t);
  int (*input_memory)(const OrtCustomOp*, size_t);
  int (*variadic_input_minimum)(const OrtCustomOp*);
  int (*variadic_input_homogeneous)(const OrtCustomOp*);
  int (*variadic_output_minimum)(const OrtCustomOp*);
  int (*variadic_output_homogeneous)(const OrtCustomOp*);
  OrtStatus* (*create_kernel_v2)(const OrtCustomOp*, const OrtApi*, const OrtKernelInfo*, void** kernel);
  OrtStatus* (*compute_v2)(void*, OrtKernelContext*);
  OrtStatus* (*infer_shape)(const OrtCustomOp*, OrtShapeInferContext*);
  int (*start_version)(const OrtCustomOp*);
  int (*end_version)(const OrtCustomOp*);
  size_t (*may_inplace)(int**, int**);
  void (*release_may_inplace)(int*, int*);
  size_t (*alias_map)(int**, int**);
  void (*release_alias_map)(int*, int*);
};

/// Typed access to the slots used. A null status means success.
class Api {
 public:
  explicit Api(const OrtApi* table) : table_(table) {}

  OrtStatus* create_status(ErrorCode code, const char* message) const {
    return at<OrtStatus* (*)(ErrorCode, const char*)>(0)(code, message);
  }
  void release_status(OrtStatus* status) const { at<void (*)(OrtStatus*)>(93)(status); }
  const char* error_message(const OrtStatus* status) const { return at<const char* (*)(const OrtStatus*)>(2)(status); }

  OrtStatus* create_domain(const char* name, OrtCustomOpDomain** domain) const {
    return at<OrtStatus* (*)(const char*, OrtCustomOpDomain**)>(26)(name, domain);
  }
  OrtStatus* domain_add(OrtCustomOpDomain* domain, const OrtCustomOp* op) const {
    return at<OrtStatus* (*)(OrtCustomOpDomain*, const OrtCustomOp*)>(27)(domain, op);
  }
  OrtStatus* options_add_domain(OrtSessionOptions* options, OrtCustomOpDomain* domain) const {
    return at<OrtStatus* (*)(OrtSessionOptions*, OrtCustomOpDomain*)>(28)(options, domain);
  }

  OrtStatus* has_option(const OrtSessionOptions* options, const char* key, int* has) const {
    return at<OrtStatus* (*)(const OrtSessionOptions*, const char*, int*)>(237)(options, key, has);
  }
  /// `size` is that of `text`; the final zero byte counts.
  OrtStatus* option(const OrtSessionOptions* options, const char* key, char* text, size_t* size) const {
    return at<OrtStatus* (*)(const OrtSessionOptions*, const char*, char*, size_t*)>(238)(options, key, text, size);
  }

  OrtStatus* tensor_data(OrtValue* value, void** data) const {
    return at<OrtStatus* (*)(OrtValue*, void**)>(51)(value, data);
  }
  OrtStatus* tensor_info(const OrtValue* value, OrtTensorTypeAndShapeInfo** info) const {
    return at<OrtStatus* (*)(const OrtValue*, OrtTensorTypeAndShapeInfo**)>(65)(value, info);
  }
  void release_tensor_info(OrtTensorTypeAndShapeInfo* info) const {
    at<void (*)(OrtTensorTypeAndShapeInfo*)>(99)(info);
  }
  OrtStatus* element_type(const OrtTensorTypeAndShapeInfo* info, ElementType* type) const {
    return at<OrtStatus* (*)(const OrtTensorTypeAndShapeInfo*, ElementType*)>(60)(info, type);
  }
  OrtStatus* rank(const OrtTensorTypeAndShapeInfo* info, size_t* rank) const {
    return at<OrtStatus* (*)(const OrtTensorTypeAndShapeInfo*, size_t*)>(61)(info, rank);
  }
  OrtStatus* dimensions(const OrtTensorTypeAndShapeInfo* info, int64_t* dims, size_t rank) const {
    return at<OrtStatus* (*)(const OrtTensorTypeAndShapeInfo*, int64_t*, size_t)>(62)(info, dims, rank);
  }

  OrtStatus* attribute(const OrtKernelInfo* info, const char* name, float* value) const {
    return at<OrtStatus* (*)(const OrtKernelInfo*, const char*, float*)>(85)(info, name, value);
  }
  OrtStatus* attribute(const OrtKernelInfo* info, const char* name, int64_t* value) const {
    return at<OrtStatus* (*)(const OrtKernelInfo*, const char*, int64_t*)>(86)(info, name, value);
  }
  /// `size` counts the final zero byte; with a null `text` only the size is asked for.
  OrtStatus* attribute(const OrtKernelInfo* info, const char* name, char* text, size_t* size) const {
    return at<OrtStatus* (*)(const OrtKernelInfo*, const char*, char*, size_t*)>(87)(info, name, text, size);
  }
  /// With a null `values` only the size is asked for.
  OrtStatus* attribute(const OrtKernelInfo* info, const char* name, int64_t* values, size_t* size) const {
    return at<OrtStatus* (*)(const OrtKernelInfo*, const char*, int64_t*, size_t*)>(163)(info, name, values, size);
  }

  OrtStatus* input_count(const OrtKernelContext* context, size_t* count) const {
    return at<OrtStatus* (*)(const OrtKernelContext*, size_t*)>(88)(context, count);
  }
  OrtStatus* input(const OrtKernelContext* context, size_t index, const OrtValue** value) const {
    return at<OrtStatus* (*)(const OrtKernelContext*, size_t, const OrtValue**)>(90)(context, index, value);
  }
  OrtStatus* output(OrtKernelContext* context, size_t index, const int64_t* dims, size_t rank, OrtValue** value) const {
    return at<OrtStatus* (*)(OrtKernelContext*, size_t, const int64_t*, size_t, OrtValue**)>(91)(context, index, dims,
                                                                                                rank, value);
  }

 private:
  template <class Function>
  Function at(int slot) const {
    return reinterpret_cast<Function>(table_->slots[slot]);
  }
  const OrtApi* table_;
};

}  // namespace belle
