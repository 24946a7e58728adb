// Makes an OrtCustomOp out of a plain class:
//
//   struct MyOp {
//     static constexpr const char* kName = "MyOp";
//     static constexpr Port kInputs[] = {{"x", ElementType::kFloat}, {"bias", ElementType::kFloat, Presence::kOptional}};
//     MyOp(const Attributes& attributes, const KernelTable& kernels);   // may throw Refusal
//     void compute(const Call& call) const;                             // may throw Refusal
//   };
//
// Every op has one float32 output. No exception crosses into ONNX Runtime: a Refusal becomes a status
// that begins with the op's name.
#pragma once
#include <exception>
#include <iterator>
#include <memory>

#include "isa.h"
#include "ort/call.h"

namespace belle {

/// An input's name, type and whether a node may leave it out.
struct Port {
  const char* name;
  ElementType type;
  Presence presence = Presence::kRequired;
};

/// Runs `body`; what it throws comes back as a status.
template <class Body>
OrtStatus* guarded(const Api& api, const char* op, const Body& body) {
  std::string message;
  ErrorCode code = ErrorCode::kInvalidArgument;
  try {
    body();
    return nullptr;
  } catch (const Refusal& refusal) {
    message = refusal.message;
  } catch (const std::exception& e) {
    code = ErrorCode::kFail;
    message = e.what();
  }
  return api.create_status(code, (std::string("belle.") + op + ": " + message).c_str());
}

/// An op for the sessions of so many threads.
struct SizedOp : OrtCustomOp {
  int threads;
};

template <class Op>
class Adapter {
 public:
  /// What ONNX Runtime is told of the op for sessions of so many threads.
  static std::unique_ptr<SizedOp> describe(int threads) {
    auto described = std::make_unique<SizedOp>();
    described->threads = threads;
    OrtCustomOp& op = *described;
    op.version = kApiVersion;
    op.name = [](const OrtCustomOp*) { return Op::kName; };
    op.execution_provider = [](const OrtCustomOp*) -> const char* { return nullptr; };
    op.input_type = [](const OrtCustomOp*, size_t i) { return Op::kInputs[i].type; };
    op.input_count = [](const OrtCustomOp*) { return std::size(Op::kInputs); };
    op.output_type = [](const OrtCustomOp*, size_t) { return ElementType::kFloat; };
    op.output_count = [](const OrtCustomOp*) -> size_t { return 1; };
    op.input_presence = [](const OrtCustomOp*, size_t i) { return Op::kInputs[i].presence; };
    op.output_presence = [](const OrtCustomOp*, size_t) { return Presence::kRequired; };
    op.input_memory = [](const OrtCustomOp*, size_t) { return 0; };
    op.variadic_input_minimum = [](const OrtCustomOp*) { return 1; };
    op.variadic_input_homogeneous = [](const OrtCustomOp*) { return 1; };
    op.variadic_output_minimum = [](const OrtCustomOp*) { return 1; };
    op.variadic_output_homogeneous = [](const OrtCustomOp*) { return 1; };
    op.start_version = [](const OrtCustomOp*) { return 1; };
    op.end_version = [](const OrtCustomOp*) { return 1; };
    op.create_kernel_v2 = create;
    op.compute_v2 = compute;
    op.destroy = [](void* node) { delete static_cast<Node*>(node); };
    return described;
  }

 private:
  /// What ONNX Runtime holds for a node.
  struct Node {
    Api api;
    int threads;
    Op op;
  };

  static OrtStatus* create(const OrtCustomOp* described, const OrtApi* table, const OrtKernelInfo* info, void** kernel) {
    const Api api(table);
    return guarded(api, Op::kName, [&] {
      *kernel = new Node{api, static_cast<const SizedOp*>(described)->threads, Op(Attributes(api, info), selected_kernels())};
    });
  }

  static OrtStatus* compute(void* kernel, OrtKernelContext* context) {
    const Node& node = *static_cast<const Node*>(kernel);
    return guarded(node.api, Op::kName, [&] { node.op.compute(Call(node.api, context, node.threads)); });
  }
};

}  // namespace belle
