"""Tests of iotd, in the folders of what they test."""

from hypothesis import HealthCheck, settings

# a machine that is busy draws slowly: that says nothing about the code
settings.register_profile("iotd", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("iotd")
