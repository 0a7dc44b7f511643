#!/bin/sh
# Translate the speech of every recording in a folder; write a table (.tsv) and a text of each into another folder.
#
#     sh examples/translate_folder.sh talks translated en
#
# A recording that fails does not stop the others. A run that was interrupted goes on with: asr resume
set -eu
[ $# -eq 3 ] || { echo "usage: translate_folder.sh FROM TO LANGUAGE" >&2; exit 2; }

exec asr file "$1"/* --model gummy-realtime-v1 --translate "$3" --output-dir "$2" --format text --format tsv
