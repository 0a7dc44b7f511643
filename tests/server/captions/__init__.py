"""Tests of asrcli.server.captions."""
