"""Tests of asrcli.journal."""
