"""Tests of iotd.flashing."""
