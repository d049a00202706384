"""uar: user access reviews and just-in-time access. This is the map, in reading order.

The ground, which everything stands on::

    clock            the one clock
    errors           what can go wrong, as a tree
    words            durations, instants and names in sentences
    settings         every setting, read once from the environment
    models           the tables by noun, every state, and which state may follow which
    db               one engine, two doors: reading here,
    work             and writing: one session, one actor, one instant, one transaction
    pouring          many rows at once
    lifecycle        the one door through which a state changes
    migrations       the schema's history
    vault            secrets at rest, bound to the row they belong to
    site             one installation: database, settings, vault
    sessions         who is signed in
    permissions      what a person may do in uar itself
    naming           what access is called, from its id
    audit            the record, its seals, and proving that nobody changed it
    notifications    messages to people
    incidents        what should not have happened, until somebody has looked at it

Who holds what, where::

    apps             governed apps, their owners, what may be asked for
    inventory        accounts, entitlements and grants as pages show them
    exports          the same as ``uar inventory --json`` prints it
    identities       people as pages show them
    colleagues       the person whom somebody means, by name or mail address
    directory        where people come from
    matching         which account is whose
    grants           from the read that showed it to the read that did not
    origins          where access comes from, and where it would have to be removed
    held_by          everything that a person holds
    exclusive        of what an account holds one at most, and what was replaced
    endings          access that ends on time, or is given back
    comebacks        access that comes back after we had ended it

Reading vendors::

    connections      which vendor feeds which app, and whether it may sync and write
    vendor_settings  a connector's settings and secrets
    connection_health  whether a vendor can be read
    sync             one run: read, compare, hold or apply
    scratch          its connection, with temporary tables
    records          what a vendor's records say, in our columns
    staging          what was read, and the temporary tables for it
    loading          reading it
    pipeline         working on what was read while more is being read
    first_read       a first read, written while it goes on
    first_report     what it found
    later_read       every other one, staged while it goes on
    in_flight        what our own orders are changing meanwhile
    differences      what was read against what we know, as sets
    paths            the ways in which accounts hold entitlements
    brake            what would remove too much waits for a person
    held             the runs that wait
    steps            the short transactions that apply a run
    applying         their order
    things           resources, entitlements and accounts that are new, changed, gone
    beginnings       grants that begin
    new_grants       the statements that begin them
    losses           grants that end
    journal          the run's log and its sign of life
    run_states       how a run begins and ends
    runs             runs as pages show them

Changing vendors::

    provisioning     the outbox: changes that we want
    orders           the outbox as pages show it
    claims           taking one order, with a lease
    calls            the exact call of each order
    places           what an account holds in the place of exclusive access
    delivery         read, call, record, read back
    troubles         what goes wrong on the way
    settlement       what an order comes to
    overdue          alarms about what should be done by now

Reviews::

    drafts           plans of campaigns
    plan_choices     what a planner can choose from
    previews         what a campaign would ask
    population       what is in scope
    privileged       what can do much harm, wherever it is
    sources          what it is read from, and whether that can be trusted
    assignment       who reviews what
    insights         facts about many grants at once
    peers            who works together, and who of them holds the same
    freezing         every grant becomes an item with its facts
    campaigns        planned, staged, opened, closed
    queue            a reviewer's page of rows
    review_rows      one row, as a reviewer sees it
    item_facts       everything about one row
    my_reviews       the campaigns that ask one person something
    reviews          keep, remove, undo, sign
    decisions        verdicts, appended with what was shown
    removals         ordering what was decided
    standing         how far a removal is
    removal_rows     the same for the dashboard
    handover         items that somebody else has to decide, and who had them before
    reassignment     the campaign's owner reassigns items, a reviewer passes hers on
    reminders        before and after a campaign is due
    dashboard        what a campaign's owner and auditors see
    paces            how far each reviewer is, and how fast

Requests::

    policies         which decisions a request needs, and who may take them
    catalogue        what a person can ask for
    holdings         what she holds, and what she may do with it
    filing           asking
    approvals        deciding
    step_handover    passing a step on to somebody else
    access_requests  from the approval to the end
    inbox            what waits for a decider
    request_rows     one row of it
    request_records  one request from its filing to its end

What happens by itself, and the edges::

    jobs             what is done every few seconds
    scheduler        the metronome, and the exact wake-up
    waiting          what waits for one person, as numbers
    web              the pages
    serving          the web server
    cli              the command line
    choices          whom one can be in the demo
    demo             a company to try it on, and faithful vendor servers

Simpler than it might be, on purpose: no relationships between tables (joins are
written where they are needed, so nothing loads lazily), no repository over the
ORM, no job per grant (rows hold the due time), no grant before a read showed it
(a wish is an order until then). SQLite is the default because one file is
enough for most companies; the same SQL runs on PostgreSQL.
"""
