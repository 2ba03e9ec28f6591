-- tenant.revision counts the changes of the tables that seldom change and are read at each
-- step of a request: who has kept rows of them in memory sees there whether they are still
-- as they were. The database itself counts, so that it does whoever makes a change: an older
-- version of the program beside this one, or somebody by hand.

-- +goose Up
ALTER TABLE tenant ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;

-- +goose StatementBegin
CREATE TRIGGER catalog_insert AFTER INSERT ON catalog BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER catalog_update AFTER UPDATE ON catalog BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER catalog_delete AFTER DELETE ON catalog BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = OLD.tenant; END;
CREATE TRIGGER access_package_insert AFTER INSERT ON access_package BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER access_package_update AFTER UPDATE ON access_package BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER access_package_delete AFTER DELETE ON access_package BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = OLD.tenant; END;
CREATE TRIGGER policy_insert AFTER INSERT ON policy BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER policy_update AFTER UPDATE ON policy BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER policy_delete AFTER DELETE ON policy BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = OLD.tenant; END;
CREATE TRIGGER extension_insert AFTER INSERT ON extension BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER extension_update AFTER UPDATE ON extension BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER extension_delete AFTER DELETE ON extension BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = OLD.tenant; END;
CREATE TRIGGER resource_insert AFTER INSERT ON resource BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER resource_update AFTER UPDATE ON resource BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER resource_delete AFTER DELETE ON resource BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = OLD.tenant; END;
CREATE TRIGGER role_scope_insert AFTER INSERT ON role_scope BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER role_scope_update AFTER UPDATE ON role_scope BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER role_scope_delete AFTER DELETE ON role_scope BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = OLD.tenant; END;
CREATE TRIGGER incompatibility_insert AFTER INSERT ON incompatibility BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER incompatibility_update AFTER UPDATE ON incompatibility BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER incompatibility_delete AFTER DELETE ON incompatibility BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = OLD.tenant; END;
CREATE TRIGGER connected_organization_insert AFTER INSERT ON connected_organization BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER connected_organization_update AFTER UPDATE ON connected_organization BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER connected_organization_delete AFTER DELETE ON connected_organization BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = OLD.tenant; END;
CREATE TRIGGER service_principal_insert AFTER INSERT ON service_principal BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER service_principal_update AFTER UPDATE ON service_principal BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER service_principal_delete AFTER DELETE ON service_principal BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = OLD.tenant; END;
CREATE TRIGGER directory_user_insert AFTER INSERT ON directory_user BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER directory_user_update AFTER UPDATE ON directory_user BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER directory_user_delete AFTER DELETE ON directory_user BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = OLD.tenant; END;
CREATE TRIGGER directory_group_insert AFTER INSERT ON directory_group BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER directory_group_update AFTER UPDATE ON directory_group BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = NEW.tenant; END;
CREATE TRIGGER directory_group_delete AFTER DELETE ON directory_group BEGIN UPDATE tenant SET revision = revision + 1 WHERE number = OLD.tenant; END;
-- +goose StatementEnd
