"""The ``iotd`` command."""
