/**
 * The usual questions, answered. Differences are taken of INTEGER counts only:
 * a count above 2^63-1 is TEXT, and arithmetic would round it.
 */
export const VIEWS = `
CREATE VIEW v_violations AS -- a row per line of evidence
SELECT v.rule, v.severity, v.migration, f.id AS finding, f.message, f.expected, f.actual, e.file, e.line, e.text
FROM verdicts v JOIN findings f ON f.verdict = v.id JOIN evidence e ON e.finding = f.id
WHERE v.verdict = 'violated' ORDER BY v.id, f.id, e.id;

CREATE VIEW v_undecidable AS -- what to record the next time
SELECT migration, rule, severity, reason, enable FROM verdicts WHERE verdict = 'undecidable';

CREATE VIEW v_finals AS -- final queries, with the query before and what the guest dirtied since
SELECT q.migration, q.id AS query, q.input, q.line, q.ns, q.state, q.switchover, q.bql, q.syncs, q.precopy, q.stopcopy,
  q.postcopy, q.total, b.kind AS before_kind, b.total AS before_total, q.ns - b.ns AS since_before_ns,
  iif(typeof(q.total) = 'integer' AND typeof(b.total) = 'integer', q.total - b.total, NULL) AS growth
FROM queries q LEFT JOIN queries b ON b.id = q.id - 1 AND b.migration = q.migration
WHERE q.final = 1;

CREATE VIEW v_exact_duration AS -- from the estimate to the exact query that followed: what being exact cost
SELECT q.migration, q.id AS query, q.input, q.line, q.ns, q.state, q.ns - b.ns AS duration_ns,
  b.total AS estimate_total, q.total AS exact_total,
  iif(typeof(q.total) = 'integer' AND typeof(b.total) = 'integer', q.total - b.total, NULL) AS difference
FROM queries q JOIN queries b ON b.id = q.id - 1 AND b.migration = q.migration AND b.kind = 'estimate'
WHERE q.kind = 'exact';

CREATE VIEW v_iterations AS -- an estimate with the exact query that followed, if any; in 7.2 each query
SELECT q.migration, row_number() OVER (PARTITION BY q.migration ORDER BY q.id) AS iteration, q.input, q.line, q.ns,
  q.state, q.threshold, q.total AS estimate_total, x.total AS exact_total, x.ns - q.ns AS exact_ns,
  q.ns - lag(q.ns) OVER (PARTITION BY q.migration ORDER BY q.id) AS since_last_ns
FROM queries q LEFT JOIN queries x ON x.id = q.id + 1 AND x.migration = q.migration AND x.kind = 'exact'
WHERE q.kind IN ('estimate', 'unspecified');

CREATE VIEW v_query_rate AS -- per second of the migration
SELECT migration, ns / 1000000000 AS second, count(*) AS queries, sum(kind = 'estimate') AS estimates,
  sum(kind = 'exact') AS exacts, sum(kind = 'final') AS finals, sum(syncs) AS syncs
FROM queries WHERE ns IS NOT NULL GROUP BY migration, second;

CREATE VIEW v_syncs AS -- with the kind of their query and how long they took
SELECT s.migration, s.id AS sync, s.input, s.line, s.start_ns, s.end_ns - s.start_ns AS duration_ns, s.dirty_pages, s.owner,
  q.id AS query, q.kind, q.state
FROM syncs s LEFT JOIN queries q ON q.id = s.query;

CREATE VIEW v_states AS -- with the time spent in each
SELECT migration, state, input, line, ns,
  lead(ns) OVER (PARTITION BY migration ORDER BY rowid) - ns AS duration_ns
FROM states;

CREATE VIEW v_downtime_checkpoints AS
SELECT migration, args ->> 'checkpoint' AS checkpoint, input, line, ns,
  ns - lag(ns) OVER (PARTITION BY migration ORDER BY rowid) AS since_last_ns
FROM events WHERE name = 'vmstate_downtime_checkpoint';

CREATE VIEW v_device_saves AS -- which device the downtime went to
SELECT migration, args ->> 'type' AS type, args ->> 'idstr' AS idstr, args ->> 'instance_id' AS instance,
  args ->> 'downtime' AS duration_us, input, line, ns
FROM events WHERE name = 'vmstate_downtime_save' ORDER BY migration, duration_us DESC;

CREATE VIEW v_bandwidth AS -- what the threshold is made of; the unit of bandwidth differs between versions
SELECT migration, input, line, ns, args ->> 'transferred' AS transferred, args ->> 'time_spent' AS time_spent,
  args ->> 'bandwidth' AS bandwidth, args ->> 'switchover_bw' AS switchover_bw, args ->> 'max_size' AS max_size
FROM events WHERE name = 'migrate_transferred';

CREATE VIEW v_bql_holds AS
SELECT migration, holder, thread, input, line, released_line, start_ns, end_ns - start_ns AS duration_ns FROM bql_holds;

CREATE VIEW v_event_totals AS
SELECT name, sum(count) AS count FROM event_counts GROUP BY name ORDER BY count DESC, name;
`;
