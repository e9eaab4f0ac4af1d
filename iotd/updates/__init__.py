"""Firmware for boards: signed releases, what a board fetches, roll-outs in waves."""
