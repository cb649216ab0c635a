import logging

import pytest

from countersign_host import access_log


def test_what_gateways_ask_is_not_logged_and_all_else_is(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("ray.serve")
    access_log.leave_out_gateways()
    try:
        with caplog.at_level(logging.INFO, logger="ray.serve"):
            for request_id in ("countersign-1", "2"):
                extra = {"request_id": request_id}
                logger.info("POST %s", request_id, extra={**extra, "serve_access_log": True})
                logger.info("loaded for %s", request_id, extra=extra)
            logger.info("POST", extra={"serve_access_log": True})
    finally:
        logger.filters.clear()
    assert caplog.messages == ["loaded for countersign-1", "POST 2", "loaded for 2", "POST"]
