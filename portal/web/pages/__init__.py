"""The pages, one module each; `table` has them all."""
