"""`asr schema`: the contract of the JSON Lines output."""

EXAMPLES = "Examples:\n\nasr schema > asr.schema.json\n\nasr schema | jq '.oneOf[].title'"


def schema() -> None:
    """Print the JSON Schema of the lines that --format jsonl puts out (version 1)."""
    from asrcli.cli.render.stdout import print_json
    from asrcli.outputs.jsonl_schema import SCHEMA

    print_json(SCHEMA)
