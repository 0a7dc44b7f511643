"""Every target by its name: what takes an input, and inputs that are right."""

from tests.fuzz import client_codecs, files, journals, server
from tests.fuzz.mutation import Target

TARGETS: dict[str, Target] = client_codecs.TARGETS | server.TARGETS | journals.TARGETS | files.TARGETS
