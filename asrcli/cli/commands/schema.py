"""`asr schema`: the JSON Schema of the JSON Lines output."""

from asrcli.cli.render.stdout import print_json
from asrcli.outputs.jsonl_schema import SCHEMA

EXAMPLES = "Examples:\n\nasr schema > asr.schema.json\n\nasr schema | jq '.oneOf[].title'"


def schema() -> None:
    """Print the JSON Schema of the lines of --format jsonl (version 1)."""
    print_json(SCHEMA)
