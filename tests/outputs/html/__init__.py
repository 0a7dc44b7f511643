"""Tests of asrcli.outputs.html."""
