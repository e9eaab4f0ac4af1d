"""Tests of iotd.tls."""
