-- tenant.revision counts the changes of the tables that seldom change and are read at each
-- step of a request: who has kept rows of them in memory sees there whether they are still
-- as they were. The database itself counts, so that it does whoever makes a change: an older
-- version of the program beside this one, or somebody by hand. It counts in steps that nobody
-- can guess: a standby that has lost the last changes does not come to the numbers of those again.

-- +goose Up
ALTER TABLE tenant ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;

-- +goose StatementBegin
CREATE FUNCTION tenant_revised() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE tenant SET revision = revision + 1 + floor(random() * 1000000000)::bigint WHERE number = COALESCE(NEW.tenant, OLD.tenant);
	RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER catalog_revised AFTER INSERT OR UPDATE OR DELETE ON catalog FOR EACH ROW EXECUTE FUNCTION tenant_revised();
CREATE TRIGGER access_package_revised AFTER INSERT OR UPDATE OR DELETE ON access_package FOR EACH ROW EXECUTE FUNCTION tenant_revised();
CREATE TRIGGER policy_revised AFTER INSERT OR UPDATE OR DELETE ON policy FOR EACH ROW EXECUTE FUNCTION tenant_revised();
CREATE TRIGGER extension_revised AFTER INSERT OR UPDATE OR DELETE ON extension FOR EACH ROW EXECUTE FUNCTION tenant_revised();
CREATE TRIGGER resource_revised AFTER INSERT OR UPDATE OR DELETE ON resource FOR EACH ROW EXECUTE FUNCTION tenant_revised();
CREATE TRIGGER role_scope_revised AFTER INSERT OR UPDATE OR DELETE ON role_scope FOR EACH ROW EXECUTE FUNCTION tenant_revised();
CREATE TRIGGER incompatibility_revised AFTER INSERT OR UPDATE OR DELETE ON incompatibility FOR EACH ROW EXECUTE FUNCTION tenant_revised();
CREATE TRIGGER connected_organization_revised AFTER INSERT OR UPDATE OR DELETE ON connected_organization FOR EACH ROW EXECUTE FUNCTION tenant_revised();
CREATE TRIGGER service_principal_revised AFTER INSERT OR UPDATE OR DELETE ON service_principal FOR EACH ROW EXECUTE FUNCTION tenant_revised();
CREATE TRIGGER directory_user_revised AFTER INSERT OR UPDATE OR DELETE ON directory_user FOR EACH ROW EXECUTE FUNCTION tenant_revised();
CREATE TRIGGER directory_group_revised AFTER INSERT OR UPDATE OR DELETE ON directory_group FOR EACH ROW EXECUTE FUNCTION tenant_revised();
