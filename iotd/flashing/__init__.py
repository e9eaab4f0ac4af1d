"""A board out of the box: MicroPython, firmware and settings onto it, by cable or browser."""
