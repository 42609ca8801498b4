from tests.server.browser import browser, page
from tests.server.fixtures import endpoint, sfn

__all__ = ["browser", "endpoint", "page", "sfn"]
