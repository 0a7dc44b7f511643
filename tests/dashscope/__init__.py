"""Tests of dashscope."""
