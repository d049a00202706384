"""Workato's projects and folders: what the API client may see of them, and as resources."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from connectors.base import EntitlementRecord, Ref, ResourceRecord
from connectors.errors import Forbidden, Missing, Remote
from connectors.pages import Row
from connectors.workato.api import Api, row_id

MOST_LEVELS = 50


@dataclass(slots=True)
class Tree:
    """Folders by id, and those whose contents could not be read, with why."""

    folders: dict[str, Row] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)

    def names(self) -> dict[str, str]:
        """Each folder's name by id."""
        return {key: str(row.get("name") or key) for key, row in self.folders.items()}


def read_tree(api: Api, projects: Iterable[Row]) -> Tree:
    """Every folder, level by level: one request for each, since no list goes deeper.

    Raises Forbidden if folders may not be listed at all.
    """
    tree = Tree()
    level = _add(tree, api.folders())
    roots = {str(row["folder_id"]): row for row in projects if row.get("folder_id")}
    for key, row in roots.items():
        if key not in tree.folders:  # a limited client may not see Home
            level += _add(tree, [{"id": key, "name": row.get("name"), "project_id": row["id"]}])
    for _ in range(MOST_LEVELS):
        below: list[str] = []
        for parent, found in api.client.map(api.folders, level):
            if isinstance(found, Remote):
                tree.unread[parent] = found.sentence
            else:
                below += _add(tree, found)
        level = below
        if not level:
            break
    return tree


def add_referenced(api: Api, tree: Tree, wanted: Iterable[str]) -> None:
    """Look up folders that only a role names; one that the client may not see has no name."""
    unknown = [key for key in dict.fromkeys(wanted) if key not in tree.folders]
    for key, found in api.client.map(api.folder, unknown):
        if isinstance(found, (Missing, Forbidden)):
            tree.folders[key] = {"id": key, "is_hidden": True}
        elif isinstance(found, Remote):
            raise found
        else:
            tree.folders[key] = found


def project_resources(projects: Iterable[Row]) -> Iterator[ResourceRecord]:
    """Projects."""
    for row in projects:
        name, about = str(row.get("name") or row_id(row)), str(row.get("description") or "")
        yield ResourceRecord("project", row_id(row), name, about)


def folder_resources(tree: Tree, projects: Iterable[Row]) -> Iterator[ResourceRecord]:
    """Folders: a project's root folder below the project, the others below their folder."""
    roots = {str(row.get("folder_id")): Ref("project", row_id(row)) for row in projects}
    for key, row in tree.folders.items():
        if row.get("is_hidden"):
            yield ResourceRecord("folder", key, f"Folder {key}", "The API client may not see it")
            continue
        above = str(row.get("parent_id"))
        parent = roots.get(key) or (Ref("folder", above) if above in tree.folders else None)
        yield ResourceRecord("folder", key, str(row.get("name") or key), "", parent)


def folder_entitlement(folder: ResourceRecord) -> EntitlementRecord:
    """Reaching a folder through a role that is limited to it and others."""
    return EntitlementRecord(
        folder.ref,
        "collaborator-access",
        "Access",
        f"Reaches {folder.name} through a role that is limited to some folders",
        "permission",
        fixed_why="It follows from the role that somebody has: change the role.",
    )


def project_entitlements(
    project: ResourceRecord, project_roles: Mapping[str, str]
) -> Iterator[EntitlementRecord]:
    """Each project role that can be given on a project; its slug is the role's id."""
    for key, name in project_roles.items():
        about = f"Works on the project {project.name} as {name}"
        yield EntitlementRecord(project.ref, key, name, about, "permission")


def _add(tree: Tree, rows: Iterable[Row]) -> list[str]:
    new = {row_id(row): row for row in rows if row_id(row) not in tree.folders}
    tree.folders.update(new)
    return list(new)
