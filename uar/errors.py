"""What can go wrong, as a tree.

::

    UarError
    ├── NotFound    there is no such thing, or it is not yours to see     404
    ├── Forbidden   you may see it and may not do this                    403
    ├── Invalid     what was typed cannot be used; problems by field      422
    ├── Conflict    somebody was faster; look again                       409
    └── Refused     a law of access forbids it                            400

Every message is a sentence for the person in front of the screen. What a
vendor's system answers is a tree of its own: ``connectors.errors.Remote``.
"""

from __future__ import annotations

from collections.abc import Mapping


class UarError(Exception):
    """Anything of ours that a person should read rather than a stack trace."""

    status = 500

    def __init__(self, sentence: str, *, subject: str = "") -> None:
        """Say it in ``sentence``; ``subject`` names the thing as ``kind:id``."""
        super().__init__(sentence)
        self.sentence = sentence
        self.subject = subject


class NotFound(UarError):
    """There is no such thing, or the asker must not learn that there is."""

    status = 404


class Forbidden(UarError):
    """The asker may see the thing and may not do this with it."""

    status = 403


class Invalid(UarError):
    """Something typed cannot be used; ``problems`` maps field names to sentences."""

    status = 422

    def __init__(self, sentence: str, problems: Mapping[str, str] | None = None) -> None:
        """Say what is wrong as a whole, and per field where that is known."""
        super().__init__(sentence)
        self.problems = dict(problems or {})


class Conflict(UarError):
    """The row is no longer in the state that the asker saw."""

    status = 409


class Refused(UarError):
    """A law of access or a policy says no."""

    status = 400

    def __init__(self, sentence: str, *, subject: str = "", see: str = "") -> None:
        """``see`` is a path of ours where the asker can go on, or empty."""
        super().__init__(sentence, subject=subject)
        self.see = see
