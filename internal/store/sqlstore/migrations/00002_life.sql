-- The whole life of a request and of an assignment: approvers, what excludes what, who
-- comes from outside, and what an auditor asks for.

-- +goose Up
ALTER TABLE tenant ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';

-- An open request asks for something that no other open one asks for. It is null once the
-- request is finished.
ALTER TABLE request ADD COLUMN open_key TEXT /*C*/;
CREATE UNIQUE INDEX request_open_key ON request (tenant, open_key) WHERE open_key IS NOT NULL;
CREATE INDEX request_completed ON request (tenant, completed, id) WHERE completed IS NOT NULL;

-- Set where the request has to be approved.
ALTER TABLE request ADD COLUMN approval TEXT /*C*/;
ALTER TABLE assignment ADD COLUMN requestor TEXT /*C*/;
CREATE INDEX assignment_requestor ON assignment (tenant, requestor, id) WHERE requestor IS NOT NULL;

-- A package has at most one automatic assignment policy.
ALTER TABLE policy ADD COLUMN automatic TEXT /*C*/;
CREATE UNIQUE INDEX policy_automatic ON policy (tenant, automatic) WHERE automatic IS NOT NULL;

ALTER TABLE directory_user ADD COLUMN manager TEXT /*C*/;
CREATE INDEX directory_user_manager ON directory_user (tenant, manager, id) WHERE manager IS NOT NULL;

CREATE TABLE approver (
	tenant       INTEGER NOT NULL,
	id           TEXT /*C*/ NOT NULL,
	version      BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	request      TEXT /*C*/,
	person       TEXT /*C*/,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
) /*WITHOUT ROWID*/;
CREATE INDEX approver_person ON approver (tenant, person, request);

CREATE TABLE incompatibility (
	tenant       INTEGER NOT NULL,
	id           TEXT /*C*/ NOT NULL,
	version      BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	package      TEXT /*C*/,
	other        TEXT /*C*/,
	group_id     TEXT /*C*/,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
) /*WITHOUT ROWID*/;
CREATE INDEX incompatibility_package ON incompatibility (tenant, package, id);
CREATE INDEX incompatibility_other ON incompatibility (tenant, other, id) WHERE other IS NOT NULL;
CREATE INDEX incompatibility_group ON incompatibility (tenant, group_id, id) WHERE group_id IS NOT NULL;

CREATE TABLE connected_organization (
	tenant       INTEGER NOT NULL,
	id           TEXT /*C*/ NOT NULL,
	version      BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	display_name TEXT NOT NULL,
	display_name_key TEXT /*C*/ NOT NULL,
	state        TEXT /*C*/,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE INDEX connected_organization_name ON connected_organization (tenant, display_name_key, id);

CREATE TABLE service_principal (
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
CREATE INDEX service_principal_name ON service_principal (tenant, display_name_key, id);

CREATE TABLE idempotency_key (
	tenant       INTEGER NOT NULL,
	id           TEXT /*C*/ NOT NULL,
	version      BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	request      TEXT /*C*/,
	body         TEXT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE INDEX idempotency_key_created ON idempotency_key (tenant, created, id);

-- What directory audits show and can be asked by.
ALTER TABLE history ADD COLUMN activity TEXT;
ALTER TABLE history ADD COLUMN activity_key TEXT /*C*/;
ALTER TABLE history ADD COLUMN result TEXT /*C*/;
ALTER TABLE history ADD COLUMN actor TEXT /*C*/;
ALTER TABLE history ADD COLUMN app TEXT /*C*/;
ALTER TABLE history ADD COLUMN correlation TEXT /*C*/;
CREATE INDEX history_activity ON history (tenant, at, seq) WHERE activity IS NOT NULL;
