"""Pure rules and frozen objects: no input, no output, no clock of its own."""
