"""Tests of the examination by asr doctor."""
