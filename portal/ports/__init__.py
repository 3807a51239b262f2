"""What the portal asks of the world. A port exists only where a real and a memory adapter do."""
