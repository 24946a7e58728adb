"""A running server to talk to: BELLE_URL names it."""
import os

import openai
import pytest


def pytest_configure(config):
    config.addinivalue_line("markers", "long: also a longer proof, `./belle test --long`")


@pytest.fixture(scope="session")
def url():
    return os.environ["BELLE_URL"]


@pytest.fixture(scope="session")
def client(url):
    return openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=0)


@pytest.fixture(scope="session")
def model(client):
    return client.models.list().data[0].id
