-- Several processes on one database, and what the installation knows of itself.

-- +goose Up

-- A process that performs jobs, and until when (UTC microseconds, on the clock of the
-- database) it need not say that it is alive. Its number is never given twice.
CREATE TABLE replica (
	number       BIGINT NOT NULL PRIMARY KEY,
	name         TEXT NOT NULL,
	alive_until  BIGINT NOT NULL
);

-- The process that performs the job; null where any may take it. It is the token that
-- fences: what a process does for a job counts only while the job is its own.
ALTER TABLE job ADD COLUMN holder BIGINT;
CREATE INDEX job_holder ON job (holder, due) WHERE holder IS NOT NULL;

-- How often a writer of a process has committed: what tells, after a connection broke in
-- the middle of a commit, whether it happened.
CREATE TABLE writer (
	number       BIGINT NOT NULL PRIMARY KEY,
	replica      BIGINT NOT NULL,
	commits      BIGINT NOT NULL
);

-- What an operator has to know, or has decided, about the whole installation.
CREATE TABLE installation (
	name         TEXT /*C*/ NOT NULL PRIMARY KEY,
	value        TEXT NOT NULL
);
