"""How to obtain a JumpCloud API key."""

from connectors.steps import guide

# Vendor's articles on API keys and administrators' roles: a key belongs to one
# administrator, may do what she may, and ends when a new one is generated.
GUIDE = guide(
    "An administrator of the JumpCloud organisation. The key may do what its administrator may.",
    "Make an administrator for uar alone: each has one key only, and everything done with it is "
    "recorded under this name.",
    "Choose its role. Read Only shows people, groups and applications, but not the list of "
    "administrators, without which every sync stays partial: for that take a higher one, such as "
    "Administrator. To change who is in a group it must be Help Desk or more; that may be left out "
    "while writing is off.",
    "Sign in to the Admin Portal as this administrator. If the portal shows no API key, an "
    "Administrator With Billing has to allow it API access.",
    "Choose the initials at the top right, then My API Key.",
    "Copy the key. Generate a new one only if nothing uses the present one, which ends at once; "
    "if the key is given an expiry date, note it.",
    "Read the region from the address: console.eu.jumpcloud.com is eu, console.in.jumpcloud.com "
    "is in, and console.jumpcloud.com is us.",
    "Only for an administrator of several organisations: copy the organisation ID under Settings.",
)
