"""What iotd costs and how fast it is, beside the least that the machine allows.

``python -m bench`` measures; ``docs/performance.md`` says how to read it.
"""
