"""Tests of asrcli/runs/parts."""
