"""The web kernel on which every room's routes stand."""
