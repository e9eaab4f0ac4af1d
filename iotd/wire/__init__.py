"""Bytes to values and back: no clock, no socket, standard library only.

Readers take ``receive_data(bytes)`` and give ``next_...()`` until NEED_DATA;
they neither call back nor sleep. The peer's faults are RemoteProtocolErrors.
"""
