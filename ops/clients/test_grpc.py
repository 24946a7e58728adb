"""gRPC in Python, with stubs made from the service's own proto, against a running server."""
import pathlib
import sys
import urllib.parse

import grpc
import pytest
import requests
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_tools import protoc

from server import Server, until

PROTO = pathlib.Path(__file__).parents[2] / "proto/src/main/proto"
QUESTION = "你好，请介绍一下你自己"


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    """The two generated modules: messages and stubs."""
    out = tmp_path_factory.mktemp("stubs")
    arguments = ["", f"-I{PROTO}", f"--python_out={out}", f"--grpc_python_out={out}", "belle/v1/belle.proto"]
    assert protoc.main(arguments) == 0
    sys.path.insert(0, str(out))
    from belle.v1 import belle_pb2, belle_pb2_grpc

    return belle_pb2, belle_pb2_grpc


@pytest.fixture(scope="session")
def pb(stubs):
    return stubs[0]


@pytest.fixture(scope="session")
def channel(url):
    with grpc.insecure_channel(urllib.parse.urlsplit(url).netloc) as channel:
        yield channel


@pytest.fixture(scope="session")
def belle(stubs, channel):
    return stubs[1].BelleStub(channel)


def trailers(error):
    return dict(error.trailing_metadata())


def chat(pb, model, **more):
    return pb.ChatRequest(model=model, messages=[pb.ChatMessage(role="user", content=QUESTION)], **more)


def text(events):
    return "".join(event.delta.text + event.finished.text for event in events)


def test_a_chat_says_what_it_says_over_http(url, belle, pb, model):
    http = requests.post(url + "/v1/chat/completions", timeout=60, json={
        "model": model, "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 24, "temperature": 0.8,
        "seed": 7, "logprobs": True}).json()
    sampling = pb.Sampling(max_tokens=24, temperature=0.8, seed=7)
    events = list(belle.Chat(chat(pb, model, sampling=sampling, logprobs=True), timeout=60))
    choice = http["choices"][0]
    assert text(events) == choice["message"]["content"]
    assert [event.index for event in events] == list(range(-1, len(events) - 1))
    assert [token.logprob for event in events for token in event.delta.logprobs] == [
        token["logprob"] for token in choice["logprobs"]["content"]]
    assert events[-1].done.usage.completion_tokens == http["usage"]["completion_tokens"]
    assert events[0].started.seed == 7
    whole, = belle.Chat(chat(pb, model, sampling=sampling, call=pb.Call(whole=True)), timeout=60)
    assert whole.answer.choices[0].text == text(events)
    assert whole.answer.usage.prompt_tokens == http["usage"]["prompt_tokens"]


def test_several_choices_of_ids(belle, pb, model):
    tokens = belle.Tokenize(pb.TokenizeRequest(model=model, prompt="你好"), timeout=60)
    assert belle.Detokenize(pb.DetokenizeRequest(model=model, tokens=tokens.token_ids), timeout=60).text == "你好"
    request = pb.GenerateRequest(
        model=model, prompt_ids=pb.TokenIds(ids=tokens.token_ids),
        sampling=pb.Sampling(n=2, max_tokens=8, temperature=1.5, top_p=1, seed=3, ignore_eos=True))
    events = list(belle.Generate(request, timeout=60))
    for choice in range(2):
        deltas = [event.delta for event in events if event.HasField("delta") and event.delta.choice == choice]
        assert sum(len(delta.token_ids) for delta in deltas) == 8
    assert events[-1].done.usage.completion_tokens == 16


def test_a_stream_goes_on_behind_what_was_read(belle, pb, model):
    sampling = pb.Sampling(max_tokens=24, temperature=0, ignore_eos=True)
    whole = list(belle.Chat(chat(pb, model, sampling=sampling), timeout=60))
    for seen in (0, len(whole) // 2, len(whole) - 1):
        rest = list(belle.Resume(pb.ResumeRequest(stream=whole[0].stream, after=whole[seen].index), timeout=60))
        assert rest[0].HasField("started")
        assert rest[1:] == whole[seen + 1:]


def test_models_and_sessions(belle, pb, model):
    models = belle.ListModels(pb.ListModelsRequest(), timeout=60).models
    assert [found.id for found in models] == [model]
    assert belle.GetModel(pb.GetModelRequest(model=model), timeout=60) == models[0]
    call = pb.Call(session_id="grpc-session", whole=True)
    answer, = belle.Chat(chat(pb, model, call=call, sampling=pb.Sampling(max_tokens=4, ignore_eos=True)), timeout=60)
    turns = belle.GetSession(pb.GetSessionRequest(session_id="grpc-session"), timeout=60).turns
    assert turns[-1].stream == answer.stream
    assert turns[-1].answers == [answer.answer.choices[0].text]
    belle.DeleteSession(pb.DeleteSessionRequest(session_id="grpc-session"), timeout=60)
    with pytest.raises(grpc.RpcError) as refusal:
        belle.GetSession(pb.GetSessionRequest(session_id="grpc-session"), timeout=60)
    assert refusal.value.code() == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(("field", "value"), [("temperature", 3), ("top_p", -1), ("max_tokens", -1), ("n", 0)])
def test_a_field_out_of_range_is_named_as_over_http(url, belle, pb, model, field, value):
    http = requests.post(url + "/v1/completions", json={"model": model, "prompt": "x", field: value}, timeout=60)
    request = pb.GenerateRequest(model=model, prompt="x", sampling=pb.Sampling(**{field: value}))
    with pytest.raises(grpc.RpcError) as refusal:
        list(belle.Generate(request, timeout=60))
    error = http.json()["error"]
    assert refusal.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.value.details() == error["message"]
    assert trailers(refusal.value)["belle-error-code"] == error["code"]
    assert trailers(refusal.value)["belle-error-param"] == error["param"] == field


def test_what_is_too_long_or_unknown(url, belle, pb, model):
    prompt = "你好" * 5000
    http = requests.post(url + "/v1/completions", json={"model": model, "prompt": prompt, "max_tokens": 5}, timeout=60)
    for request, code, status in [
        (pb.GenerateRequest(model=model, prompt=prompt, sampling=pb.Sampling(max_tokens=5)),
         http.json()["error"]["code"], grpc.StatusCode.INVALID_ARGUMENT),
        (pb.GenerateRequest(model="nope", prompt="x"), "model_not_found", grpc.StatusCode.NOT_FOUND),
        (pb.GenerateRequest(model=model, prompt="x" * (4 << 20)), "request_too_large",
         grpc.StatusCode.RESOURCE_EXHAUSTED),
    ]:
        with pytest.raises(grpc.RpcError) as refusal:
            list(belle.Generate(request, timeout=60))
        assert refusal.value.code() == status, refusal.value.details()
        assert trailers(refusal.value)["belle-error-code"] == code


def test_health_and_reflection(channel):
    health = health_pb2_grpc.HealthStub(channel)
    for service in ("", "belle.v1.Belle"):
        answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=60)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    assert next(health.Watch(health_pb2.HealthCheckRequest(), timeout=60)).status == answer.status
    database = ProtoReflectionDescriptorDatabase(channel)
    assert {"belle.v1.Belle", "grpc.health.v1.Health"} <= set(database.get_services())
    service = DescriptorPool(database).FindServiceByName("belle.v1.Belle")
    assert "Resume" in service.methods_by_name


@pytest.mark.parametrize("end", ["cancel", "deadline", "close"])
def test_a_call_that_ends_early_frees_its_blocks(tmp_path, stubs, end):
    pb, services = stubs
    settings = {"belle.gateway.http.metrics-tick": "1s"}
    with open(tmp_path / "log", "w") as log, Server(log, settings) as server:
        channel = grpc.insecure_channel(urllib.parse.urlsplit(server.url).netloc)
        belle = services.BelleStub(channel)
        request = pb.GenerateRequest(model=server.model, prompt="从前有一座山", sampling=pb.Sampling(
            max_tokens=1900, temperature=0, ignore_eos=True))
        call = belle.Generate(request, timeout=3 if end == "deadline" else None)
        for _ in range(8):
            assert next(call)
        until(lambda: server.metric("belle_blocks_leased") > 0)
        if end == "cancel":
            call.cancel()
        elif end == "close":
            channel.close()
        else:
            with pytest.raises(grpc.RpcError) as refusal:
                while True:  # The reader stands still, and with it its generation.
                    until(lambda: not call.is_active(), seconds=60)
                    next(call)
            assert refusal.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        until(lambda: server.metric("belle_blocks_leased") == 0)
        assert server.metric("belle_sequences_running") == 0
        channel.close()
