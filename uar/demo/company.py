"""Tidewheel Robotics, a company that does not exist: who works there and who holds what.

Always the same people, groups and applications; only the last sign-ins are
counted back from a day that the caller names. Nothing here is known to uar: the
vendor server serves it, and uar reads it from there like any other company.

The cast: Ada asks, Max manages her, Rita owns the app, Cam runs campaigns,
Connie connects systems, Aude audits, Sue may do everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

NAME = "Tidewheel Robotics"
DOMAIN = "tidewheel.example"

# name, title, manager's first name, sign-in so many days ago (none: never);
# an x marks somebody who has left and whose account is suspended
PEOPLE = """
Executive
  Ingrid Solberg     Chief executive                  -        2
  Tomas Reyes        Assistant to the board           Ingrid   0
Sales
  Max Roth           Head of sales                    Ingrid   0
  Ada Byrne          Account executive                Max      0
  Ben Cole           Account executive                Max      1
  Chi Okafor         Account executive                Max     96 x
  Emil Lind          Account executive                Max      3
  Fay Duarte         Sales engineer                   Max      0
  Goran Petrov       Sales engineer                   Max      8
  Hana Sato          Sales operations analyst         Max      0
  Ivo Novak          Account executive                Max     41
Finance
  Rita Ortiz         Head of business systems         Ingrid   0
  Lena Huber         Accountant                       Rita     1
  Noor Haddad        Accounts payable clerk           Rita     0
  Oskar Blom         Controller                       Rita     2
  Petra Vogel        Payroll specialist               Rita     1
  Quentin Marsh      Treasury analyst                 Rita    63
  Rosa Meier         Accounts payable clerk           Rita   110 x
Engineering
  Priya Nair         Head of engineering              Ingrid   0
  Dan Weiss          Team lead, drives                Priya    0
  Una Farrell        Team lead, perception            Priya    1
  Viktor Ilves       Team lead, platform              Priya    0
  Abel Costa         Controls engineer                Dan      0
  Bea Lindgren       Controls engineer                Dan      4
  Cleo Andersen      Mechanical engineer              Dan      0
  Dmitri Orlov       Mechanical engineer              Dan     17
  Elsa Moreau        Test engineer                    Dan      2
  Farid Aziz         Vision engineer                  Una      0
  Greta Nilsson      Vision engineer                  Una      1
  Hugo Almeida       Research engineer                Una     29
  Iris Kowalski      Data engineer                    Una      0
  Jonas Becker       Data engineer                    Una    102 x
  Kira Tanaka        Platform engineer                Viktor   0
  Leo Fischer        Platform engineer                Viktor   0
  Mina Rahimi        Site reliability engineer        Viktor   0
  Nils Eriksen       Site reliability engineer        Viktor   5
Operations
  Olga Petrenko      Head of operations               Ingrid   1
  Paul Novotny       Production planner               Olga     0
  Rafa Serrano       Warehouse supervisor             Olga     0
  Sofia Ricci        Buyer                            Olga     6
  Timo Laine         Warehouse clerk                  Olga    none
  Ulla Brandt        Quality inspector                Olga     3
Support
  Wanda Kessler      Head of support                  Ingrid   0
  Xavier Dupont      Support agent                    Wanda    0
  Yara Mansour       Support agent                    Wanda    0
  Zoe Whitfield      Support agent                    Wanda    1
  Arne Holm          Field engineer                   Wanda   12
  Bianca Greco       Field engineer                   Wanda    2
Marketing
  Carla Mendes       Head of marketing                Ingrid   1
  Derek Shaw         Content editor                   Carla    0
  Edith Olsen        Event manager                    Carla   35
People
  Frida Bauer        Head of people                   Ingrid   0
  Gil Romero         Recruiter                        Frida    2
  Heidi Kraus        Recruiter                        Frida   88 x
IT and security
  Sue Grant          Head of IT                       Ingrid   0
  Connie Park        Systems engineer                 Sue      0
  Cam Lee            Governance and risk lead         Sue      0
  Aude Martin        Internal auditor                 Ingrid   1
  Jule Winter        Service desk analyst             Sue      0
  Kofi Mensah        Security engineer                Sue      0
"""

# name: description | a rule, or nothing | first names
GROUPS = """
vpn: Network from outside | | Ada Ben Chi Emil Fay Max Arne Bianca Kira Leo Mina Nils Sue Kofi Jonas
engineering: Everybody in engineering | department is Engineering |
crm-users: Reads and edits customers | | Ada Ben Chi Emil Fay Goran Hana Ivo Max Xavier Yara Derek
crm-admins: Deletes customers, changes fields and exports everything | | Hana Fay Rosa Dan
erp-users: Orders, stock and invoices | | Lena Noor Oskar Quentin Rosa Paul Rafa Sofia Olga
erp-auditors: Reads every booking and every change | | Oskar Aude
billing-approvers: Releases payments to suppliers | | Oskar Rita Rosa Noor
payroll-editors: Changes salaries and bank accounts | | Petra Frida Heidi
release-managers: Ships firmware to customers' robots | | Priya Viktor Elsa Jonas
production-on-call: Shell on production machines | | Mina Nils Leo Dmitri
support-agents: Answers tickets and sees customers' robots | | Wanda Xavier Yara Zoe Arne Bianca
board-papers: Minutes and plans of the board | | Ingrid Tomas Edith
"""

# name: description | groups | first names of those who have it directly
APPLICATIONS = """
Salesdesk CRM: Customers, offers and contracts | crm-users crm-admins | Carla
Ledgerline ERP: Orders, stock, invoices | erp-users erp-auditors billing-approvers | Ingrid
Paywell: Payroll | payroll-editors | Rosa
Forgehub: Source code and reviews | engineering | Kofi Connie
Shipyard: Firmware releases | release-managers | Dan
Watchtower: Machines, metrics and alerts | production-on-call | Kofi Priya Jonas
Ticketree: Support tickets | support-agents | Jule Fay
Boardroom: Papers of the board | board-papers | Sue
"""


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody who has or had an account; ``days`` since the last sign-in, None if never."""

    id: str
    number: int
    first: str
    last: str
    title: str
    department: str
    manager: str
    days: int | None
    has_left: bool

    @property
    def email(self) -> str:
        """The address, which is first name and last name at the company's domain."""
        return f"{self.first}.{self.last}@{DOMAIN}".lower()


@dataclass(frozen=True, slots=True)
class Group:
    """A user group; members of one with a ``rule`` follow from it."""

    id: str
    name: str
    description: str
    rule: str
    members: tuple[Employee, ...]


@dataclass(frozen=True, slots=True)
class Application:
    """An application that people sign in to, through groups or directly."""

    id: str
    name: str
    description: str
    groups: tuple[Group, ...]
    people: tuple[Employee, ...]


@dataclass(frozen=True, slots=True)
class Administrator:
    """Somebody who may change the directory itself; ``person`` if it is an employee."""

    id: str
    email: str
    first: str
    last: str
    role: str
    person: Employee | None


@dataclass(frozen=True, slots=True)
class Company:
    """All of it."""

    people: tuple[Employee, ...]
    groups: tuple[Group, ...]
    applications: tuple[Application, ...]
    administrators: tuple[Administrator, ...]

    def person(self, first: str) -> Employee:
        """Return the person with this first name; first names are unique here."""
        return next(person for person in self.people if person.first == first)


def company() -> Company:
    """Return the whole company; the same every time."""
    people = tuple(_people())
    by_first = {person.first: person for person in people}
    groups = tuple(_groups(by_first))
    by_name = {group.name: group for group in groups}
    applications = tuple(
        Application(
            object_id("c0", number),
            name,
            description,
            tuple(by_name[word] for word in through.split()),
            tuple(by_first[word] for word in direct.split()),
        )
        for number, (name, description, through, direct) in enumerate(_lines(APPLICATIONS), 1)
    )
    return Company(people, groups, applications, tuple(_administrators(by_first)))


def object_id(table: str, number: int) -> str:
    """Return the vendor's kind of id, 24 hexadecimal digits, for the nth row of a table."""
    return f"66a1{table}{number:018x}"


def _people() -> Iterator[Employee]:
    department, number = "", 0
    rows = []
    for line in PEOPLE.strip().splitlines():
        if not line.startswith("  "):
            department = line.strip()
            continue
        number += 1
        first, last = line[:21].split()
        title, tail = line[21:54].strip(), line[54:].split()
        rows.append((number, first, last, title, department, tail))
    ids = {first: object_id("a0", number) for number, first, *_ in rows}
    for number, first, last, title, place, (manager, days, *left) in rows:
        yield Employee(
            ids[first],
            number,
            first,
            last,
            title,
            place,
            ids.get(manager, ""),
            None if days == "none" else int(days),
            bool(left),
        )


def _groups(by_first: dict[str, Employee]) -> Iterator[Group]:
    for number, (name, description, rule, members) in enumerate(_lines(GROUPS), 1):
        chosen = tuple(by_first[word] for word in members.split())
        if rule:
            department = rule.removeprefix("department is ")
            chosen = tuple(p for p in by_first.values() if p.department == department)
        yield Group(object_id("b0", number), name, description, rule, chosen)


def _administrators(by_first: dict[str, Employee]) -> Iterator[Administrator]:
    sue, connie = by_first["Sue"], by_first["Connie"]
    for number, (email, first, last, role, person) in enumerate(
        (
            (sue.email, sue.first, sue.last, "Administrator With Billing", sue),
            (connie.email, connie.first, connie.last, "Administrator", connie),
            (f"uar@{DOMAIN}", "Access", "Reviews", "Administrator", None),
            (f"break-glass@{DOMAIN}", "Break", "Glass", "Administrator With Billing", None),
        ),
        1,
    ):
        yield Administrator(object_id("d0", number), email, first, last, role, person)


def _lines(text: str) -> Iterator[tuple[str, str, str, str]]:
    for line in text.strip().splitlines():
        name, _, rest = line.partition(": ")
        description, middle, last = (part.strip() for part in rest.split("|"))
        yield name, description, middle, last
