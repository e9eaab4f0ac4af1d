"""What can go wrong on a board, told apart by what is done about it."""


class LinkLost(Exception):
    """The daemon can't be reached or talked to any longer: close, wait, connect again."""


class Denied(LinkLost):
    """The daemon refused the key: trying again soon would only be refused again."""


class SensorError(Exception):
    """No picture: close the sensor and open it anew; the link is unharmed."""


class SettingsError(Exception):
    """settings.json can't be used; ``faults`` has one sentence for each fault."""

    def __init__(self, faults):
        super().__init__("; ".join(faults))
        self.faults = faults
