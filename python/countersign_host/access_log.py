"""Ray's access log of a replica, kept to what nobody else logs.

A gateway writes a line for each of its requests; Ray's for each of its batches would be the larger part of the time
that a replica takes for it.
"""

from __future__ import annotations

import logging

# What gateways put before the id of a request (src/engine/ray/exchange.ts).
GATEWAY = "countersign-"


def leave_out_gateways() -> None:
    logging.getLogger("ray.serve").addFilter(_is_to_be_logged)


def _is_to_be_logged(record: logging.LogRecord) -> bool:
    is_access = getattr(record, "serve_access_log", False)
    return not (is_access and str(getattr(record, "request_id", "")).startswith(GATEWAY))
