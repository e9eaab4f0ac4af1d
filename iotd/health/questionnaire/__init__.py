"""What a patient tells about the way they live, asked step by step."""
