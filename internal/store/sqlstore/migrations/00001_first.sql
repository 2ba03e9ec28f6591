-- Everything belongs to a tenant, whose small number is the first column of each key
-- and index. Times are UTC microseconds. Ids and durations of more than one word, and
-- all that is neither filtered, sorted, joined nor constrained, live in body, as JSON.
-- A column x_key is the folded form of x, by which text is compared.
--
-- This file is for SQLite and PostgreSQL: a comment of the form slash-star C star-slash
-- marks text that is compared byte by byte, the one behind a table a table that is
-- small enough to live in its index. The dialect replaces both.

-- +goose Up
CREATE TABLE tenant (
	number       INTEGER NOT NULL PRIMARY KEY,
	id           TEXT /*C*/ NOT NULL UNIQUE,
	clock_offset BIGINT NOT NULL,
	callout_key  TEXT NOT NULL,
	token_key    TEXT NOT NULL,
	created      BIGINT NOT NULL
);

-- What Ready writes to.
CREATE TABLE probe (number INTEGER NOT NULL PRIMARY KEY, count BIGINT NOT NULL);
INSERT INTO probe (number, count) VALUES (1, 0);

CREATE TABLE catalog (
	tenant       INTEGER NOT NULL,
	id           TEXT /*C*/ NOT NULL,
	version      BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	display_name TEXT NOT NULL,
	display_name_key TEXT /*C*/ NOT NULL,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
);

CREATE TABLE access_package (
	tenant       INTEGER NOT NULL,
	id           TEXT /*C*/ NOT NULL,
	version      BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	catalog      TEXT /*C*/,
	display_name TEXT NOT NULL,
	display_name_key TEXT /*C*/ NOT NULL,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE INDEX access_package_catalog ON access_package (tenant, catalog, id);
CREATE INDEX access_package_name ON access_package (tenant, display_name_key, id);

CREATE TABLE policy (
	tenant       INTEGER NOT NULL,
	id           TEXT /*C*/ NOT NULL,
	version      BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	package      TEXT /*C*/,
	catalog      TEXT /*C*/,
	display_name TEXT NOT NULL,
	display_name_key TEXT /*C*/ NOT NULL,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE INDEX policy_package ON policy (tenant, package, id);
CREATE INDEX policy_catalog ON policy (tenant, catalog, id);

CREATE TABLE extension (
	tenant       INTEGER NOT NULL,
	id           TEXT /*C*/ NOT NULL,
	version      BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	catalog      TEXT /*C*/,
	display_name TEXT NOT NULL,
	display_name_key TEXT /*C*/ NOT NULL,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE INDEX extension_catalog ON extension (tenant, catalog, id);

CREATE TABLE resource (
	tenant       INTEGER NOT NULL,
	id           TEXT /*C*/ NOT NULL,
	version      BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	catalog      TEXT /*C*/,
	origin_id    TEXT NOT NULL,
	origin_id_key TEXT /*C*/ NOT NULL,
	origin_system TEXT NOT NULL,
	origin_system_key TEXT /*C*/ NOT NULL,
	display_name TEXT NOT NULL,
	display_name_key TEXT /*C*/ NOT NULL,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX resource_origin ON resource (tenant, catalog, origin_id_key, origin_system_key);
CREATE INDEX resource_group ON resource (tenant, origin_id_key);

CREATE TABLE role_scope (
	tenant       INTEGER NOT NULL,
	id           TEXT /*C*/ NOT NULL,
	version      BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	package      TEXT /*C*/,
	resource     TEXT /*C*/,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE INDEX role_scope_package ON role_scope (tenant, package, id);
CREATE INDEX role_scope_resource ON role_scope (tenant, resource, id);

CREATE TABLE resource_request (
	tenant       INTEGER NOT NULL,
	id           TEXT /*C*/ NOT NULL,
	version      BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	catalog      TEXT /*C*/,
	resource     TEXT /*C*/,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE INDEX resource_request_catalog ON resource_request (tenant, catalog, id);
CREATE INDEX resource_request_resource ON resource_request (tenant, resource, id);

CREATE TABLE request (
	tenant       INTEGER NOT NULL,
	id           TEXT /*C*/ NOT NULL,
	version      BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	type         TEXT /*C*/,
	package      TEXT /*C*/,
	policy       TEXT /*C*/,
	catalog      TEXT /*C*/,
	assignment   TEXT /*C*/,
	requestor    TEXT /*C*/,
	target       TEXT /*C*/,
	state        TEXT /*C*/,
	status       TEXT NOT NULL,
	status_key   TEXT /*C*/ NOT NULL,
	completed    BIGINT,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE INDEX request_target ON request (tenant, target, id);
CREATE INDEX request_requestor ON request (tenant, requestor, id);
CREATE INDEX request_package ON request (tenant, package, id);
CREATE INDEX request_assignment ON request (tenant, assignment) WHERE assignment IS NOT NULL;
CREATE INDEX request_open_package ON request (tenant, package) WHERE completed IS NULL;
CREATE INDEX request_open_policy ON request (tenant, policy) WHERE completed IS NULL;

CREATE TABLE assignment (
	tenant       INTEGER NOT NULL,
	id           TEXT /*C*/ NOT NULL,
	version      BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	package      TEXT /*C*/,
	policy       TEXT /*C*/,
	catalog      TEXT /*C*/,
	target       TEXT /*C*/,
	state        TEXT /*C*/,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE INDEX assignment_target ON assignment (tenant, target, id);
CREATE INDEX assignment_package ON assignment (tenant, package, id);
CREATE INDEX assignment_policy ON assignment (tenant, policy, id);
CREATE UNIQUE INDEX assignment_live ON assignment (tenant, policy, target)
	WHERE state IN ('delivering', 'partiallyDelivered', 'delivered');

CREATE TABLE role_grant (
	tenant       INTEGER NOT NULL,
	id           TEXT /*C*/ NOT NULL,
	version      BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	assignment   TEXT /*C*/,
	role_scope   TEXT /*C*/,
	group_id     TEXT /*C*/,
	member       TEXT /*C*/,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
) /*WITHOUT ROWID*/;
CREATE UNIQUE INDEX role_grant_assignment ON role_grant (tenant, assignment, role_scope);
CREATE INDEX role_grant_role_scope ON role_grant (tenant, role_scope);
CREATE INDEX role_grant_member ON role_grant (tenant, member, group_id);
CREATE INDEX role_grant_group ON role_grant (tenant, group_id);

CREATE TABLE directory_user (
	tenant       INTEGER NOT NULL,
	id           TEXT /*C*/ NOT NULL,
	version      BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	display_name TEXT NOT NULL,
	display_name_key TEXT /*C*/ NOT NULL,
	principal_name TEXT NOT NULL,
	principal_name_key TEXT /*C*/ NOT NULL,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX directory_user_principal ON directory_user (tenant, principal_name_key);
CREATE INDEX directory_user_name ON directory_user (tenant, display_name_key, id);

CREATE TABLE directory_group (
	tenant       INTEGER NOT NULL,
	id           TEXT /*C*/ NOT NULL,
	version      BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	display_name TEXT NOT NULL,
	display_name_key TEXT /*C*/ NOT NULL,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE INDEX directory_group_name ON directory_group (tenant, display_name_key, id);

CREATE TABLE membership (
	tenant       INTEGER NOT NULL,
	id           TEXT /*C*/ NOT NULL,
	version      BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	group_id     TEXT /*C*/,
	member       TEXT /*C*/,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
) /*WITHOUT ROWID*/;
CREATE UNIQUE INDEX membership_group ON membership (tenant, group_id, member);
CREATE INDEX membership_member ON membership (tenant, member);

CREATE TABLE job (
	tenant       INTEGER NOT NULL,
	ref          TEXT /*C*/ NOT NULL,
	kind         TEXT /*C*/ NOT NULL,
	n            BIGINT NOT NULL,
	due          BIGINT NOT NULL,
	lane         TEXT /*C*/ NOT NULL,
	attempt      BIGINT NOT NULL,
	args         TEXT NOT NULL,
	PRIMARY KEY (tenant, ref, kind, n)
) /*WITHOUT ROWID*/;
CREATE INDEX job_due ON job (due);
CREATE INDEX job_lane ON job (lane, due) WHERE lane <> '';

CREATE TABLE history (
	tenant       INTEGER NOT NULL,
	seq          BIGINT NOT NULL,
	at           BIGINT NOT NULL,
	kind         TEXT NOT NULL,
	ref          TEXT /*C*/ NOT NULL,
	action       TEXT NOT NULL,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, seq)
) /*WITHOUT ROWID*/;
CREATE INDEX history_ref ON history (tenant, ref, seq);
