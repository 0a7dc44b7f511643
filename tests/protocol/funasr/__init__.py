"""Tests of asrcli/protocol/funasr."""
