/**
 * The tables that `analyze` writes. The comments stay in the file: `.schema`
 * of any SQLite shell shows them.
 *
 * Byte counts are uint64_t, SQLite's INTEGER is signed. Columns of type ANY
 * take both forms of a count: INTEGER up to 2^63-1, decimal TEXT above. To
 * SQLite every TEXT is greater than every INTEGER, so a comparison with an
 * INTEGER is right for both.
 *
 * No index: queries and syncs are joined by their ids, and to look through a
 * million events takes a fifth of a second, less than to sort them by name.
 */

/** 'qtrc', in the header of every database that qtrace wrote. */
export const APPLICATION_ID = 0x71747263;

export const SCHEMA_VERSION = 1;

export const TABLES = `
CREATE TABLE inputs (
  id INTEGER PRIMARY KEY, -- index in the report, from 0
  name TEXT NOT NULL,
  bytes ANY NOT NULL,
  digest_kind TEXT NOT NULL, -- sha256, or sha256-ends for the first and last MiB and the length
  digest TEXT NOT NULL,
  lines INTEGER NOT NULL,
  events INTEGER NOT NULL,
  format TEXT NOT NULL,
  side TEXT NOT NULL, -- source, destination or unknown
  messages INTEGER NOT NULL -- lines of QEMU's own text between the events
) STRICT;

CREATE TABLE input_problems (
  input INTEGER NOT NULL REFERENCES inputs(id),
  code TEXT NOT NULL,
  count INTEGER NOT NULL,
  first_line INTEGER NOT NULL,
  text TEXT NOT NULL,
  hint TEXT NOT NULL,
  weakens INTEGER NOT NULL -- 1: what rests on absent lines was withdrawn around it
) STRICT;

CREATE TABLE migrations (
  id INTEGER PRIMARY KEY, -- index in the report, from 0
  kind TEXT NOT NULL,
  outcome TEXT NOT NULL,
  qemu TEXT, -- 7.2, 10.0, 11.1 or thread
  estimates INTEGER NOT NULL,
  exacts INTEGER NOT NULL,
  finals INTEGER NOT NULL,
  unspecified INTEGER NOT NULL, -- queries of 7.2, which has one kind
  syncs INTEGER NOT NULL,
  iterations INTEGER NOT NULL,
  downtime_ns INTEGER,
  final_total ANY -- bytes
) STRICT;

CREATE TABLE report ( -- one row: who judged
  qtrace TEXT NOT NULL,
  ruleset TEXT NOT NULL -- digest of the rules that were run
) STRICT;

CREATE TABLE measures ( -- what qtrace diff compares
  migration INTEGER NOT NULL REFERENCES migrations(id),
  name TEXT NOT NULL,
  unit TEXT NOT NULL,
  value ANY -- NULL: not shown
) STRICT;

CREATE TABLE steps ( -- the protocol's steps in their order, equal ones folded
  migration INTEGER NOT NULL REFERENCES migrations(id),
  section TEXT NOT NULL, -- setup, iterate, switchover, checkpoint, postcopy or end; '' where steps are left out
  name TEXT NOT NULL,
  event TEXT NOT NULL,
  count INTEGER NOT NULL, -- folded ones; where steps are left out, how many
  file TEXT NOT NULL,
  first_line INTEGER NOT NULL,
  last_line INTEGER NOT NULL,
  ns ANY,
  facts TEXT NOT NULL, -- JSON object: how it was done
  total ANY, -- bytes
  queries TEXT -- JSON object: numbers by kind
) STRICT;

CREATE TABLE queries (
  id INTEGER PRIMARY KEY, -- one apart within a migration
  migration INTEGER NOT NULL REFERENCES migrations(id),
  input INTEGER NOT NULL REFERENCES inputs(id),
  line INTEGER NOT NULL,
  ns INTEGER, -- since the migration's first event
  thread INTEGER,
  exact INTEGER, -- NULL: this version has no such kind
  final INTEGER,
  precopy ANY NOT NULL, -- bytes, as all up to total
  stopcopy ANY NOT NULL,
  postcopy ANY NOT NULL,
  total ANY NOT NULL,
  ack_collected ANY,
  ack_total ANY,
  bql INTEGER, -- held by the migration thread: 1, not: 0, not shown: NULL
  syncs INTEGER NOT NULL, -- bitmap syncs of its own
  state TEXT,
  switchover INTEGER, -- the one that had stopped the VM, from 0 within the migration
  threshold ANY, -- bytes; max_size of the last migrate_transferred
  kind TEXT AS ( -- computed: a text in every row costs more than three numbers
    CASE WHEN final THEN 'final' WHEN exact THEN 'exact' WHEN exact IS NULL THEN 'unspecified' ELSE 'estimate' END
  ) VIRTUAL
) STRICT;

CREATE TABLE syncs (
  id INTEGER PRIMARY KEY,
  migration INTEGER NOT NULL REFERENCES migrations(id),
  query INTEGER REFERENCES queries(id), -- NULL: one of setup or of a switchover
  line INTEGER NOT NULL, -- of its start; of its end if that is all there is
  start_ns INTEGER,
  end_ns INTEGER,
  dirty_pages ANY, -- as printed: cumulative over about a second
  input INTEGER NOT NULL REFERENCES inputs(id),
  thread INTEGER,
  owner TEXT NOT NULL, -- setup, query, switchover or none
  last_stage INTEGER -- probe migration_bitmap_sync_stage
) STRICT;

CREATE TABLE states (
  migration INTEGER NOT NULL REFERENCES migrations(id),
  input INTEGER NOT NULL REFERENCES inputs(id),
  line INTEGER NOT NULL,
  ns INTEGER,
  thread INTEGER,
  state TEXT NOT NULL
) STRICT;

CREATE TABLE events ( -- rowid is the order of the log
  migration INTEGER REFERENCES migrations(id), -- NULL: outside of any
  input INTEGER NOT NULL REFERENCES inputs(id),
  line INTEGER NOT NULL,
  ns INTEGER,
  thread INTEGER,
  name TEXT NOT NULL,
  args TEXT NOT NULL -- JSON; numbers above 2^53-1 as decimal strings
) STRICT;

CREATE TABLE event_counts (
  migration INTEGER REFERENCES migrations(id),
  state TEXT,
  name TEXT NOT NULL,
  count INTEGER NOT NULL
) STRICT;

CREATE TABLE messages ( -- QEMU's own text between the events
  migration INTEGER REFERENCES migrations(id),
  input INTEGER NOT NULL REFERENCES inputs(id),
  line INTEGER NOT NULL,
  ns INTEGER,
  thread INTEGER,
  side TEXT, -- source or destination, where the input says so
  text TEXT NOT NULL
) STRICT;

CREATE TABLE bql_holds (
  migration INTEGER NOT NULL REFERENCES migrations(id),
  holder TEXT NOT NULL, -- migration-thread, another or unknown
  thread INTEGER,
  input INTEGER NOT NULL REFERENCES inputs(id),
  line INTEGER NOT NULL, -- where it was taken
  released_line INTEGER, -- NULL: not seen
  start_ns INTEGER,
  end_ns INTEGER
) STRICT;

CREATE TABLE destinations (
  id INTEGER PRIMARY KEY,
  migration INTEGER REFERENCES migrations(id), -- NULL: not tied to any
  input INTEGER REFERENCES inputs(id),
  outcome TEXT NOT NULL,
  clock_low_ns ANY, -- the destination's clock less the source's, no less; NULL: no bound
  clock_high_ns ANY, -- no more
  blackout_low_ns ANY, -- from the guest's stop on the source to its run on the destination
  blackout_high_ns ANY,
  reason TEXT -- why it is not tied, or why there is no blackout
) STRICT;

CREATE TABLE destination_loads ( -- the 100 longest of each kind
  destination INTEGER NOT NULL REFERENCES destinations(id),
  iterable INTEGER NOT NULL,
  idstr TEXT NOT NULL,
  instance INTEGER NOT NULL,
  duration_ns ANY NOT NULL
) STRICT;

CREATE TABLE verdicts (
  id INTEGER PRIMARY KEY,
  rule TEXT NOT NULL,
  severity TEXT NOT NULL,
  migration INTEGER NOT NULL REFERENCES migrations(id),
  verdict TEXT NOT NULL, -- pass, violated, undecidable or not-applicable
  reason TEXT NOT NULL,
  enable TEXT NOT NULL, -- JSON array: what would decide it
  finding_count INTEGER NOT NULL -- findings has at most 20 of them
) STRICT;

CREATE TABLE findings (
  id INTEGER PRIMARY KEY,
  verdict INTEGER NOT NULL REFERENCES verdicts(id),
  message TEXT NOT NULL,
  expected TEXT NOT NULL,
  actual TEXT NOT NULL
) STRICT;

CREATE TABLE evidence (
  id INTEGER PRIMARY KEY, -- the decisive line of a finding has its lowest
  finding INTEGER NOT NULL REFERENCES findings(id),
  input INTEGER REFERENCES inputs(id),
  file TEXT NOT NULL,
  line INTEGER NOT NULL,
  text TEXT NOT NULL
) STRICT;
`;
