"""The recognizer on this machine as a service: how long it may take until it listens."""

from asrcli.cli.options.retry import RetryOptions
from asrcli.core.settings import ConnectionSettings, RecognitionSettings
from asrcli.recognizers import factory
from asrcli.recognizers.worker_process import HUNG_S
from asrcli.runs.local_service import local_service


def test_a_model_may_take_as_long_to_load_as_its_worker_is_waited_for() -> None:
    """From a slow disk, say; --connect-timeout sets another limit, and for the service there is the usual one."""
    with local_service(RecognitionSettings("m"), factory.find("scripted")) as connection:
        assert RetryOptions().applied_to(connection).connect_timeout_s > HUNG_S
        assert RetryOptions(connect_timeout=3.0).applied_to(connection).connect_timeout_s == 3
    assert RetryOptions().applied_to(ConnectionSettings()).connect_timeout_s == 10
