"""The Python side of countersign: it loads models and answers frames. See src/frames/ for the wire."""
