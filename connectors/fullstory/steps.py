"""How to obtain Fullstory's SCIM token, or else an API key."""

from connectors.steps import Guide, way

# Vendor's help on SCIM provisioning and on API keys, and the setup pages of the
# original connector; they differ on whether an Architect is enough for SCIM.
GUIDE = Guide(
    "An Admin of Fullstory. An Architect can make API keys, and SCIM tokens in some organisations.",
    (
        way(
            "SCIM token: teammates who sign in",
            "Open Settings, Account Management, SSO. SCIM needs a plan that has it, and single "
            "sign-on by SAML set up before; without them the page does not offer it.",
            "Switch on SCIM Provisioning if it is off.",
            "Choose Generate Token and copy it: it is shown once. Regenerate Token may end the "
            "one that your identity provider uses, so ask its administrator first.",
            "Copy the SCIM Base URL from the same page.",
        ),
        way(
            "API key: recorded visitors, only without SCIM",
            "Open Settings, API Keys, and choose Create key.",
            "Name it, such as uar, and give it Admin or Architect permissions: with less it reads "
            "nothing.",
            "Choose Save API Key and copy the key: it is shown once.",
            "Know what it is for: it reads the people whose sessions were recorded, not who can "
            "sign in to Fullstory, and uar changes nothing with it.",
        ),
    ),
)
