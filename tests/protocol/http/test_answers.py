"""The status of an answer over HTTP."""

from asrcli.protocol.http.answers import error_status


def test_errors_have_the_status_of_their_kind() -> None:
    """A code that is not in the table is an error of the request."""
    kinds = ("InvalidApiKey", "Throttling.AllocationQuota", "BadRequest.ResourceNotExist", "InternalError")
    assert [error_status(kind) for kind in kinds] == [401, 429, 400, 500]
