-- At what a request waits, and since when (UTC microseconds, real time): for the one look
-- at all tenants that operators are shown. Requests that wait already are told of from their
-- next step on.

-- +goose Up
ALTER TABLE request ADD COLUMN waits_at TEXT /*C*/;
ALTER TABLE request ADD COLUMN waits_since BIGINT;
CREATE INDEX request_waits ON request (waits_at, waits_since) WHERE waits_at IS NOT NULL;

-- No query of this program uses them: grants are found by their assignment, and by member
-- and group.
DROP INDEX role_grant_role_scope;
DROP INDEX role_grant_group;
