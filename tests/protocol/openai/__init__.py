"""Tests of asrcli/protocol/openai."""
