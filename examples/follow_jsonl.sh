#!/bin/sh
# Follow a transcription as JSON Lines: print each finished sentence with its time, and say at the end what was lost.
#
#     asr mic --format jsonl | sh examples/follow_jsonl.sh
#     asr file talk.wav --format jsonl | sh examples/follow_jsonl.sh
#
# `asr schema` prints the JSON Schema of the lines. jq must print each line at once: --unbuffered.
set -eu

exec jq --unbuffered --raw-output '
    if .type == "final" then "\(.begin_ms / 1000)s  \(.text)"
    elif .type == "gap" then "\(.begin_ms / 1000)s  -- \((.end_ms - .begin_ms) / 1000) s without text: \(.reason)"
    elif .type == "end" then "== \(.audio_ms / 1000) s heard, \(.lost_ms / 1000) s lost"
    else empty end'
