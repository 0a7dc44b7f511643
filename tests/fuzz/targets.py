"""Every fuzz target by its name: the function under test, and valid inputs."""

from tests.fuzz import client_codecs, files, journals, server
from tests.fuzz.mutation import Target

TARGETS: dict[str, Target] = client_codecs.TARGETS | server.TARGETS | journals.TARGETS | files.TARGETS
