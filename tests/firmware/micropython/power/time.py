"""Nobody waits here."""


def sleep_ms(ms):
    pass
