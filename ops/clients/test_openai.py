"""OpenAI's own Python client, unchanged, against a running server."""
import openai
import pytest
import requests

QUESTION = [{"role": "user", "content": "你好，请介绍一下你自己"}]


def test_lists_its_models(client, model):
    assert client.models.retrieve(model).id == model


def test_an_unknown_model_is_not_found(client, model):
    with pytest.raises(openai.NotFoundError) as refusal:
        client.chat.completions.create(model="no-such-model", messages=QUESTION)
    assert model in str(refusal.value)


def test_answers_a_chat_with_usage(client, model):
    answer = client.chat.completions.create(model=model, messages=QUESTION, max_tokens=12, temperature=0)
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason in ("stop", "length")
    assert 1 <= answer.usage.completion_tokens <= 12
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_streams_the_same_text_as_it_answers_whole(client, model):
    asked = dict(model=model, messages=QUESTION, max_tokens=24, temperature=0.8, seed=7)
    whole = client.chat.completions.create(**asked)
    chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == [
        whole.choices[0].finish_reason
    ]


def test_several_choices_are_seeded_and_differ(client, model):
    asked = dict(model=model, messages=QUESTION, max_tokens=24, temperature=1.5, top_p=1, seed=3, n=2)
    one, two = (client.chat.completions.create(**asked) for _ in range(2))
    texts = [choice.message.content for choice in one.choices]
    assert [choice.index for choice in one.choices] == [0, 1]
    assert texts[0] != texts[1]
    assert texts == [choice.message.content for choice in two.choices]


def test_log_probabilities_of_a_chat(client, model):
    answer = client.chat.completions.create(
        model=model, messages=QUESTION, max_tokens=4, temperature=0, logprobs=True, top_logprobs=3,
        extra_body={"ignore_eos": True, "repetition_penalty": 1})
    content = answer.choices[0].logprobs.content
    assert len(content) == 4
    for token in content:
        assert token.logprob <= 0
        assert len(token.top_logprobs) == 3
        assert token.top_logprobs[0].logprob == token.logprob, "greedy takes the most probable"


def test_log_probabilities_and_echo_of_a_completion(client, model):
    answer = client.completions.create(
        model=model, prompt="你好", max_tokens=3, temperature=0, logprobs=1, echo=True, extra_body={"ignore_eos": True})
    found = answer.choices[0]
    assert found.text.startswith("你好")
    assert found.logprobs.token_logprobs[0] is None
    assert len(found.logprobs.tokens) == answer.usage.prompt_tokens + 3


def test_a_stop_string_ends_the_text_and_is_not_in_it(client, model):
    free = client.completions.create(
        model=model, prompt="你好", max_tokens=24, temperature=0, extra_body={"ignore_eos": True}).choices[0].text
    stop = free[len(free) // 2]
    cut = client.completions.create(
        model=model, prompt="你好", max_tokens=24, temperature=0, stop=[stop], extra_body={"ignore_eos": True})
    assert cut.choices[0].text == free[: free.index(stop)]
    assert cut.choices[0].finish_reason == "stop"


def test_a_list_of_prompts_gets_a_choice_each(client, model):
    answer = client.completions.create(model=model, prompt=["你好", "天气"], max_tokens=4, temperature=0)
    assert [choice.index for choice in answer.choices] == [0, 1]


def test_a_stream_can_be_left_and_another_one_is_served(client, model):
    with client.chat.completions.create(model=model, messages=QUESTION, max_tokens=200, stream=True,
                                        extra_body={"ignore_eos": True}) as stream:
        next(iter(stream))
    assert client.chat.completions.create(model=model, messages=QUESTION, max_tokens=1).choices


@pytest.mark.parametrize(
    ("field", "value"),
    [("temperature", 3), ("top_p", -1), ("max_tokens", -1), ("n", 0), ("messages", []), ("stop", ["x"] * 100)])
def test_a_field_out_of_range_is_named(client, model, field, value):
    with pytest.raises(openai.BadRequestError) as refusal:
        client.chat.completions.create(**{"model": model, "messages": QUESTION, field: value})
    assert field in refusal.value.body["message"]


def test_a_prompt_that_is_too_long_says_both_numbers(client, model):
    with pytest.raises(openai.BadRequestError) as refusal:
        client.completions.create(model=model, prompt="你好" * 5000, max_tokens=5)
    assert "2048" in str(refusal.value)


def test_control_tokens_in_a_message_are_plain_text(url, model):
    answer = requests.post(url + "/tokenize", json={"model": model, "prompt": "</s>"})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["tokens"]) > 1


def test_health_metrics_and_page(url):
    assert requests.get(url + "/health/live").status_code == 200
    assert requests.get(url + "/health/ready").status_code == 200
    assert "belle" in requests.get(url + "/metrics").text
    assert "<!doctype html>" in requests.get(url + "/").text.lower()
