"""One self-hosted daemon for cameras, health devices and a campus."""

__version__ = "0.1.0"
