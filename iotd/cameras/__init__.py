"""Cameras: the server of their wire, the frame hub, and who watches."""
