"""What a remote system can do to us, as one tree.

    Remote                       anything that went wrong beyond our walls
    ├── Unauthorised             401: the key or password is not accepted
    ├── Forbidden                403: it is accepted, and may not do this
    ├── Missing                  404: there is no such thing
    ├── AlreadyThere             409: the change was made before
    ├── RateLimited              429 for longer than we were willing to wait
    ├── Unavailable              time-outs, refused connections, TLS, 5xx: try again later
    ├── Rejected                 any other refusal: the same call would fail again
    ├── Garbled                  an answer that is not what the vendor documents
    └── Blocked                  an address that this installation does not call

Every error carries a sentence for a person on the connector's page: what
happened and what to do about it. It never contains a secret.
"""


class Remote(Exception):
    """A call to a remote system failed; `sentence` says how, for a person.

    `retry` says whether the same call may succeed later without anybody
    changing anything. `status` is the HTTP status that said so, 0 if none did.
    """

    retry: bool = False
    status: int = 0

    def __init__(self, sentence: str, *, retry: bool | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        if retry is not None:
            self.retry = retry


class Unauthorised(Remote):
    """The credentials are not accepted."""


class Forbidden(Remote):
    """The credentials are accepted, but may not do this."""


class Missing(Remote):
    """What was asked for does not exist at the vendor."""


class AlreadyThere(Remote):
    """The vendor says that the change was made before.

    Connectors turn it into a successful answer; it does not leave them.
    """


class RateLimited(Remote):
    """The vendor asked us to slow down for longer than we were willing to wait.

    `retry_after` is in seconds from the moment of the answer, None if the
    vendor did not say.
    """

    retry = True

    def __init__(self, sentence: str, *, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Unavailable(Remote):
    """The vendor could not be reached or had a fault of its own. Worth retrying."""

    retry = True


class Rejected(Remote):
    """The vendor understood and refused. The same call would be refused again."""


class Garbled(Remote):
    """The answer is not what the vendor documents, so nothing of it is believed."""


class Blocked(Remote):
    """The address is private or reserved, and nobody allowed it."""
