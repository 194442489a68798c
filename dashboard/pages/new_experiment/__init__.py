"""The page New experiment."""
