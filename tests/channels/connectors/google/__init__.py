"""Tests of the Google connector and its feed."""
