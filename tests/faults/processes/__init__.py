"""What a history starts as processes of its own: the relay with a hand on its clock, and light sites."""
