package sqlstore

import "anteroom/internal/entitlement"

// policies stores assignment policies.
var policies = build(entity[entitlement.Policy]{
	table: "policy",
	meta:  (*entitlement.Policy).Meta,
	fields: []field[entitlement.Policy]{
		id("package", func(o *entitlement.Policy) *entitlement.ID { return &o.PackageID }, "accessPackage/id"),
		id("catalog", func(o *entitlement.Policy) *entitlement.ID { return &o.CatalogID }, "catalog/id"),
		text("display_name", func(o *entitlement.Policy) *string { return &o.DisplayName }, "displayName"),
	},
})
