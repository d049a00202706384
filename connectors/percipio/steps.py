"""How to obtain the token of a Percipio service account."""

from connectors.steps import guide

# Vendor's documentation of service accounts: the account team makes them, with
# rights by API, and they may expire.
GUIDE = guide(
    "Skillsoft's account team, asked by whoever is responsible for Percipio in your company: "
    "no page of Percipio gives out tokens.",
    "Ask the account team for a service account for uar alone.",
    "Name the APIs that it needs: user management, content discovery and reporting. Without "
    "reporting nobody's learning is read, and every sync stays partial.",
    "Say whether uar is to change roles and to activate and deactivate people. Changing users may "
    "be left out while writing is off, if the account team can grant reading alone.",
    "Ask for three things: the token, your organisation's UUID, and whether it lives in the us or "
    "the eu region.",
    "Ask whether the account expires, and note the date.",
    "Paste the token whole. The organisation ID may stay empty where the token names it.",
)
