"""The smart cabinet: its door, lights and weight, and what is on its shelf."""
