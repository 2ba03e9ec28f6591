-- Lists that people look at in a large tenant, such as the newest requests and those in a
-- state that few are in, and what is asked of very many policies.

-- +goose Up
CREATE INDEX request_created ON request (tenant, created, id);
CREATE INDEX request_state ON request (tenant, state, id);
CREATE INDEX assignment_state ON assignment (tenant, state, id);

-- Whether there is any is asked with each change of a user.
CREATE INDEX policy_automatic_each ON policy (tenant, id) WHERE automatic IS NOT NULL;
