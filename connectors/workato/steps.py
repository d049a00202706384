"""How to obtain the token of a Workato API client, and what its role must allow."""

from connectors.steps import WRITING_OFF, Endpoint, Step, guide

NO_GROUPS = "nobody uses collaborator groups"
NO_NEWER = "the workspace has no environment roles yet"

# Vendor's pages on API clients and collaborators, and the setup page of the
# original connector, which names the first seven as the vendor's page does.
ENDPOINTS = (
    Endpoint("GET /api/members", "Collaborators: Get collaborators"),
    Endpoint("GET /api/members/:id/privileges", "Collaborators: Get collaborator privileges",
             "nobody needs to see what system roles allow"),
    Endpoint("GET /api/roles", "Collaborator roles: List non-system roles",
             "Disable custom roles sync is ticked"),
    Endpoint("GET /api/projects", "Projects & Folders: List projects",
             "nobody needs to see projects"),
    Endpoint("GET /api/folders", "Projects & Folders: List folders", "nobody needs to see folders"),
    Endpoint("GET /api/members/:id", "Collaborators: Get collaborator", WRITING_OFF),
    Endpoint("PUT /api/members/:id", "Collaborators: Update collaborators’ roles", WRITING_OFF),
    Endpoint("GET /api/environment_roles", "Environment roles: the list", NO_NEWER),
    Endpoint("GET /api/user_groups", "Collaborator groups: the list", NO_GROUPS),
    Endpoint("GET /api/user_groups/:id/members", "Collaborator groups: their members", NO_GROUPS),
    Endpoint("GET /api/project_roles", "Project roles: the list", NO_NEWER),
    Endpoint("GET /api/projects/:id/project_grants", "Projects: who has which role", NO_NEWER),
)  # fmt: skip

GUIDE = guide(
    "A collaborator of the workspace who may open Workspace admin, API clients.",
    "Open Workspace admin, API clients, Client roles, and choose Add client role. Name it, such "
    "as uar.",
    Step("Tick these endpoints and no others, then save the role.", ENDPOINTS),
    "Back under API clients, choose Create API client. Name it, such as uar, and select the role.",
    "Where the workspace has environments, select DEV: Workato shows collaborators, and their "
    "roles in every environment, only to clients with access to DEV.",
    "Select the projects. What the client may not see is not read, and reviews say so.",
    "If you list the addresses that may use the token, include the one that uar calls from.",
    "Choose Create client and copy the token: it is shown once.",
    "Read the data center from the address of the Workato website: www.workato.com is us, "
    "app.eu.workato.com is eu, and so on.",
)
