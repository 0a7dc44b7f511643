"""Tests of asrcli/protocol/vllm."""
