-- Lists that people look at in a large tenant: the newest requests, and those in a state
-- that few are in.

-- +goose Up
CREATE INDEX request_created ON request (tenant, created, id);
CREATE INDEX request_state ON request (tenant, state, id);
CREATE INDEX assignment_state ON assignment (tenant, state, id);
