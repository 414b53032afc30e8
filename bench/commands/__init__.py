"""The commands of `caltwin`, one module each."""
