package sqlstore

import (
	"database/sql/driver"

	"anteroom/internal/entitlement"
)

// policies stores assignment policies.
var policies = build(entity[entitlement.Policy]{
	table: "policy", keeps: true,
	meta: (*entitlement.Policy).Meta,
	fields: []field[entitlement.Policy]{
		id("package", func(o *entitlement.Policy) *entitlement.ID { return &o.PackageID }, "accessPackage/id"),
		id("catalog", func(o *entitlement.Policy) *entitlement.ID { return &o.CatalogID }, "catalog/id"),
		text("display_name", func(o *entitlement.Policy) *string { return &o.DisplayName }, "displayName"),
		{
			column: "automatic", paths: []string{"automatic/accessPackage/id"}, kind: kindID, nullable: true,
			get: func(o *entitlement.Policy) driver.Value {
				if id := o.AutomaticPackageID(); id != "" {
					return string(id)
				}
				return nil
			},
			set: func(*entitlement.Policy, driver.Value) {},
		},
	},
	flags: []condition{{path: "isAutomatic", yes: "automatic IS NOT NULL", no: "automatic IS NULL"}},
})
