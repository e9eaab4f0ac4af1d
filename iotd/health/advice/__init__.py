"""What doctors write: advice in nine sections, and notes."""
