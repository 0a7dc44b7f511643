#!/bin/sh
# Show every message of a conversation with a service, with its time and direction: what was sent, what came back.
#
#     sh examples/debug_wire.sh talk.wav                         the service; needs DASHSCOPE_API_KEY
#     sh examples/debug_wire.sh talk.wav ws://127.0.0.1:8080     a server of yours, for example `asr serve --port 8080`
#
# Audio is shown as its beginning and its length; --no-audio leaves it out. For the other protocol, add --wire realtime or
# --model NAME after the address.
set -eu
[ $# -ge 1 ] || { echo "usage: debug_wire.sh FILE [URL] [OPTION...]" >&2; exit 2; }
file=$1
shift
if [ $# -ge 1 ]; then
    url=$1
    shift
    set -- --url "$url" "$@"
fi

exec asr ws-raw "$file" --show-sent --stamp "$@"
