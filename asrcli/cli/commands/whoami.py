"""`asr whoami`: which key a run would use, and for which service, without the key."""

from asrcli.cli.builders.api_key import find_key
from asrcli.cli.options.connection import EndpointOptions
from asrcli.cli.options.groups import expand_option_groups
from asrcli.cli.options.logging import Debug
from asrcli.cli.options.output import AsJson
from asrcli.cli.render.stdout import print_json, print_lines
from asrcli.core.errors import MissingKey, bare_url
from asrcli.dashscope.endpoints import service_name

EXAMPLES = "Examples:\n\nasr whoami\n\nasr whoami --json | jq -r .source"


@expand_option_groups
def whoami(as_json: AsJson = False, *, connection_options: EndpointOptions, debug: Debug = False) -> None:
    """Show where the API key comes from, its last four characters, and its service.

    No connection is opened; asr doctor checks the key with the service. In JSON, source is option, environment, login
    or sdk.
    """
    del debug  # read by the error boundary
    there = connection_options.endpoint
    found = find_key(connection_options.api_key_file, service=service_name(there.url))
    if found is None:
        raise MissingKey(local=False)
    described = {
        "key": found.shown,
        "source": found.source,
        "place": found.place,
        "region": there.region or None,
        "url": bare_url(there.url),
        "workspace": connection_options.workspace_asked or None,
    }
    if as_json:
        print_json(described)
        return
    print_lines(f"key        {found.shown} from {found.place}", f"region     {there.region or 'not known'}")
    print_lines(f"address    {bare_url(there.url)}")
    if connection_options.workspace_asked:
        print_lines(f"workspace  {connection_options.workspace_asked}")
