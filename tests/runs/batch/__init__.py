"""Tests of asrcli/runs/batch."""
