from typing import Optional


class Error(Exception):
    """The mock could not be started, or its control API refused a request."""

    def __init__(self, message: str, code: Optional[str] = None) -> None:
        super().__init__(message)
        #: The code of the control API, for example `not_found`.
        self.code = code
