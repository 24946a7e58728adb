"""Requests made up from /openapi.json: no answer may be a server error, and none may be undocumented."""
import os

import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (content_type_conformance, response_schema_conformance,
                                               status_code_conformance)

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
URL = os.environ["BELLE_URL"]
MODEL = requests.get(URL + "/v1/models", timeout=60).json()["data"][0]["id"]
schema = schemathesis.openapi.from_url(URL + "/openapi.json")


@schemathesis.hook
def map_body(context, body):
    """A model that is there, so that more than its name is looked at; few tokens, so that it takes seconds."""
    if isinstance(body, dict):
        if isinstance(body.get("model"), str):
            body["model"] = MODEL
        for field in ("max_tokens", "max_completion_tokens"):
            if isinstance(body.get(field), int) and body[field] > 4:
                body[field] = 4
    return body


@schema.parametrize()
@settings(max_examples=int(os.environ.get("BELLE_EXAMPLES", "25")), deadline=None, derandomize=True,
          suppress_health_check=list(HealthCheck))
def test_every_answer_is_documented(case):
    case.validate_response(case.call(timeout=60), checks=CHECKS)
