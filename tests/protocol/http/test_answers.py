"""The status of an answer over HTTP."""

from asrcli.protocol.http.answers import error_body, error_status


def test_errors_have_the_status_of_their_kind() -> None:
    """A code that is not in the table is an error of the request."""
    kinds = ("InvalidApiKey", "Throttling.AllocationQuota", "BadRequest.ResourceNotExist", "InternalError")
    assert [error_status(kind) for kind in kinds] == [401, 429, 400, 500]


def test_an_error_body_holds_the_code_the_message_and_the_request() -> None:
    """The names are those that the official SDK reads."""
    assert error_body("Throttling", "slowly", "r-1") == {"code": "Throttling", "message": "slowly", "request_id": "r-1"}
