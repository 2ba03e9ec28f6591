package sqlstore

import "anteroom/internal/entitlement"

// roleScopes stores the resource roles of packages.
var roleScopes = build(entity[entitlement.RoleScope]{
	table: "role_scope", keeps: true,
	meta: (*entitlement.RoleScope).Meta,
	fields: []field[entitlement.RoleScope]{
		id("package", func(o *entitlement.RoleScope) *entitlement.ID { return &o.PackageID }, "accessPackage/id"),
		id("resource", func(o *entitlement.RoleScope) *entitlement.ID { return &o.ResourceID }, "resource/id"),
	},
})
