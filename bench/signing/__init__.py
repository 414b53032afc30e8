"""Keys, approvals, numbers and issue: from a finished record to sealed documents."""
