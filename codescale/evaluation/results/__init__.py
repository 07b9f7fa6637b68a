"""What an evaluation says: the models' measures with intervals, and which of them differ."""
