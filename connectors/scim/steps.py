"""How to obtain the SCIM address and token of any application."""

from connectors.steps import guide

GUIDE = guide(
    "An administrator of the application, usually the one who may set up single sign-on.",
    "Find the application's provisioning page. It is often under Security, Single sign-on or "
    "Provisioning, and not part of every plan.",
    "Switch on SCIM, or provisioning by API, if it is off.",
    "Make a token for uar alone. If the application has only one, a new one may end that of your "
    "identity provider: ask its administrator first.",
    "Where the token can be limited, let it read users and groups; changing them may be left out "
    "while writing is off.",
    "Copy the token: it is usually shown once. If it has an expiry date, note it.",
    "Copy the base URL: the address above /Users, which usually ends in /scim/v2.",
    "If the page asks for something else than a bearer token, choose it under More settings.",
)
