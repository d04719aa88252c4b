"""Programs for people around the store; none of them reaches into the engine."""
