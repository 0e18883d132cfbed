"""The SQLite schema, as the steps that lead to it.

A file carries the steps it has seen in `migrations`; opening applies the missing ones, each in its own transaction.
A step that was released is never edited: later changes are further steps.
"""

from __future__ import annotations

import apsw

from fleet.errors import SchemaTooNew

__all__ = ["MIGRATIONS", "migrate"]

_FIRST = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta VALUES ('epoch', 0);

-- Narrow rows without personal data; seq is the order of acceptance.
CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    inn TEXT NOT NULL,
    key TEXT NOT NULL,
    tenant TEXT NOT NULL,
    facade TEXT NOT NULL,
    state TEXT NOT NULL,
    accepted_at REAL NOT NULL,
    changed_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    station TEXT,
    intent INTEGER REFERENCES intents (seq),
    drive TEXT,
    document INTEGER,
    reason TEXT,
    receipt TEXT NOT NULL,   -- JSON without the buyer's personal fields
    result TEXT,             -- JSON
    evidence TEXT,           -- JSON
    UNIQUE (inn, key)
);
-- All that is not at rest, so that a start, a page and a count of waiting jobs never read the millions that are.
CREATE INDEX jobs_moving ON jobs (state) WHERE state <> 'confirmed';
-- One document answers for one job.
CREATE UNIQUE INDEX jobs_documents ON jobs (drive, document) WHERE drive IS NOT NULL;
CREATE INDEX jobs_unconfirmed ON jobs (drive, document) WHERE state = 'registered';
CREATE INDEX jobs_of_inn ON jobs (inn);

-- What the shop sent, with all that is personal in it. A row may be emptied; the job does not need it.
CREATE TABLE requests (
    seq INTEGER PRIMARY KEY REFERENCES jobs (seq),
    personal TEXT,           -- JSON: fields that the receipt in jobs is without
    raw BLOB
);

CREATE TABLE intents (
    seq INTEGER PRIMARY KEY,
    station TEXT NOT NULL,
    job INTEGER REFERENCES jobs (seq),   -- NULL: the station's own command
    opened_at REAL NOT NULL,
    intent TEXT NOT NULL,    -- JSON
    closed_at REAL,
    verdict TEXT,
    evidence TEXT            -- JSON
);
CREATE UNIQUE INDEX intents_open ON intents (station) WHERE closed_at IS NULL;

-- Doubts, releases, decisions: what is out of the ordinary, with who and why.
CREATE TABLE notes (
    seq INTEGER PRIMARY KEY,
    job INTEGER NOT NULL REFERENCES jobs (seq),
    at REAL NOT NULL,
    event TEXT NOT NULL,
    station TEXT,
    detail TEXT NOT NULL     -- JSON
);
CREATE INDEX notes_of_job ON notes (job);

-- How many jobs stand in each state, kept in the transactions that move them.
CREATE TABLE counts (state TEXT PRIMARY KEY, jobs INTEGER NOT NULL) WITHOUT ROWID;
"""

_SECOND = """
-- Job ids are made of INN and key under this secret: the same order has the same id even for a journal that lost it.
INSERT INTO meta VALUES ('secret', randomblob(32));

ALTER TABLE jobs ADD COLUMN commitment BLOB;     -- to the buyer's data and the raw request, under requests.salt
ALTER TABLE requests ADD COLUMN salt BLOB;       -- erased with what it salts

-- What happened at each station, every row tied to the one before it: see fleet.journal.chain.
CREATE TABLE chain (
    station TEXT NOT NULL,
    number INTEGER NOT NULL,
    at REAL NOT NULL,
    event TEXT NOT NULL,
    content TEXT NOT NULL,   -- JSON, nothing personal
    link BLOB NOT NULL,
    PRIMARY KEY (station, number)
) WITHOUT ROWID;

-- What happened to a station itself, with who and why: plans step by step, clocks set, audits, drains.
CREATE TABLE records (
    seq INTEGER PRIMARY KEY,
    station TEXT NOT NULL,
    at REAL NOT NULL,
    event TEXT NOT NULL,
    detail TEXT NOT NULL     -- JSON
);
CREATE INDEX records_of_station ON records (station, event);

CREATE TABLE callbacks (
    job INTEGER PRIMARY KEY REFERENCES jobs (seq),
    url TEXT NOT NULL,
    due_at REAL,             -- NULL: not yet, done, or given up
    tries INTEGER NOT NULL DEFAULT 0,
    done_at REAL,
    last TEXT                -- what came of the last try
);
CREATE INDEX callbacks_due ON callbacks (due_at) WHERE due_at IS NOT NULL;

-- Receipts in a drive's archive that are no job's.
CREATE TABLE discovered (
    drive TEXT NOT NULL,
    document INTEGER NOT NULL,
    own_key TEXT,
    document_json TEXT NOT NULL,
    PRIMARY KEY (drive, document)
) WITHOUT ROWID;
CREATE INDEX discovered_keys ON discovered (own_key) WHERE own_key IS NOT NULL;

-- Stations whose drives were read after a backup was restored; rows are there only until all of them were.
CREATE TABLE reconciled (station TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
"""

_THIRD = """
ALTER TABLE jobs ADD COLUMN routing_group TEXT;  -- only registers of this group may make it
ALTER TABLE jobs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
"""

_FOURTH = """
-- How many jobs stand in each state is counted at the start, from the index of those that move.
DROP TABLE counts;

-- Orders from before ids were made of INN and key, which only this table finds.
CREATE TABLE old_keys (
    inn TEXT NOT NULL,
    key TEXT NOT NULL,
    job INTEGER NOT NULL REFERENCES jobs (seq),
    PRIMARY KEY (inn, key)
) WITHOUT ROWID;
INSERT INTO old_keys SELECT inn, key, seq FROM jobs WHERE commitment IS NULL;

-- Without UNIQUE (inn, key): the id is made of both, and each index of random values costs an accept a page that is far
-- from the last one's.
CREATE TABLE jobs_without_keys (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    inn TEXT NOT NULL,
    key TEXT NOT NULL,
    tenant TEXT NOT NULL,
    facade TEXT NOT NULL,
    state TEXT NOT NULL,
    accepted_at REAL NOT NULL,
    changed_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    station TEXT,
    intent INTEGER REFERENCES intents (seq),
    drive TEXT,
    document INTEGER,
    reason TEXT,
    receipt TEXT NOT NULL,   -- JSON without the buyer's personal fields
    result TEXT,             -- JSON
    evidence TEXT,           -- JSON
    commitment BLOB,         -- to the buyer's data and the raw request, under requests.salt
    routing_group TEXT,      -- only registers of this group may make it
    priority INTEGER NOT NULL DEFAULT 0
);
INSERT INTO jobs_without_keys SELECT
    seq, id, inn, key, tenant, facade, state, accepted_at, changed_at, attempts, station, intent, drive, document,
    reason, receipt, result, evidence, commitment, routing_group, priority
FROM jobs ORDER BY seq;
DROP TABLE jobs;
ALTER TABLE jobs_without_keys RENAME TO jobs;
CREATE UNIQUE INDEX jobs_ids ON jobs (id);
CREATE INDEX jobs_moving ON jobs (state) WHERE state <> 'confirmed';
CREATE UNIQUE INDEX jobs_documents ON jobs (drive, document) WHERE drive IS NOT NULL;
CREATE INDEX jobs_unconfirmed ON jobs (drive, document) WHERE state = 'registered';
CREATE INDEX jobs_of_inn ON jobs (inn);
"""

_FIFTH = """
-- Where each chain ends.
CREATE TABLE heads (station TEXT PRIMARY KEY, number INTEGER NOT NULL, link BLOB NOT NULL) WITHOUT ROWID;
INSERT INTO heads SELECT station, max(number), link FROM chain GROUP BY station;

-- In the order in which things happened instead of station by station: an event then goes to the end of the table,
-- where those of the other stations go, and splits no page.
CREATE TABLE chain_in_order (
    seq INTEGER PRIMARY KEY,
    station TEXT NOT NULL,
    number INTEGER NOT NULL,
    at REAL NOT NULL,
    event TEXT NOT NULL,
    content TEXT NOT NULL,   -- JSON, nothing personal
    link BLOB NOT NULL
);
INSERT INTO chain_in_order (station, number, at, event, content, link)
    SELECT station, number, at, event, content, link FROM chain ORDER BY station, number;
DROP TABLE chain;
ALTER TABLE chain_in_order RENAME TO chain;
"""

MIGRATIONS: tuple[tuple[str, str], ...] = (
    ("jobs, requests, intents, notes", _FIRST),
    ("chains, records of stations, callbacks, documents found in drives", _SECOND),
    ("routing group and priority of jobs", _THIRD),
    ("orders are found by the id made of INN and key; no counts are kept", _FOURTH),
    ("chains in the order of events", _FIFTH),
)
"""(what it brings, SQL), in order; the number of a step is its place, from 1."""


def migrate(connection: apsw.Connection, *, now: float) -> None:
    """Bring a new or an old file to the newest schema. A file from the future raises `SchemaTooNew`."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at REAL)"
    )
    present = connection.execute("SELECT coalesce(max(version), 0) FROM migrations").get
    if present > len(MIGRATIONS):
        raise SchemaTooNew(
            f"{connection.filename} has schema {present}, this program knows up to {len(MIGRATIONS)}: "
            "start the version that wrote it, or a later one"
        )
    for version, (name, script) in enumerate(MIGRATIONS[present:], start=present + 1):
        with connection:
            connection.execute(script)
            connection.execute("INSERT INTO migrations VALUES (?, ?, ?)", (version, name, now))
