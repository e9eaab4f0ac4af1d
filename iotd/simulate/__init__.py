"""Virtual devices that speak the real wires, and know nothing else of the daemon."""
