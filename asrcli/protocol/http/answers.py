"""The answer to a single HTTP request: its JSON body and its HTTP status, as the server writes them. No I/O."""

from asrcli.protocol.json_messages import Json

_STATUS = {
    "InvalidApiKey": 401,
    "AccessDenied": 403,
    "NotFound": 404,
    "ModelNotFound": 404,
    "MethodNotAllowed": 405,
    "RequestTimeOut": 408,
    "RequestTooLarge": 413,
    "Throttling": 429,
    "Throttling.AllocationQuota": 429,
    "InternalError": 500,
    "ServiceUnavailable": 503,
}


def success_body(output: Json, request_id: str, *, counted: bool = True) -> Json:
    """The body of the answer to a request that the server has carried out; requests that are counted have a usage."""
    if counted:
        return {"output": output, "usage": {"count": 1}, "request_id": request_id}
    return {"output": output, "request_id": request_id}


def error_body(code: str, message: str, request_id: str) -> Json:
    """The body of the answer to a request that the server has not carried out."""
    return {"code": code, "message": message, "request_id": request_id}


def error_status(code: str) -> int:
    """The HTTP status for an error code. Any code that is not in the table is an error of the request: 400."""
    return _STATUS.get(code, 400)
