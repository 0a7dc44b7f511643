"""Tests of recognizers."""
