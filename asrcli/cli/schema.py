"""`asr schema`: the contract of the JSON Lines output."""

import json

EXAMPLES = "Examples:\n\nasr schema > asr.schema.json\n\nasr schema | jq '.oneOf[].title'"


def schema() -> None:
    """Print the JSON Schema of the lines that --format jsonl puts out (version 1)."""
    from asrcli.outputs.lines import Lines
    from asrcli.outputs.schema import SCHEMA

    Lines(None).write(json.dumps(SCHEMA, indent=2, ensure_ascii=False))
