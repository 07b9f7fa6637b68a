"""Random programs: what they are about, what their functions do, what they are called with."""
