"""What the client does with searches."""
